//! Screens. Each is a folder with its state, its questions, what happens on it and how it is drawn, and is known to the
//! rest of the console by its [`Face`]. What there are stands in one list below.

pub mod elevation;
pub mod face;
pub mod fleet;
pub mod journal;
pub mod letters;
pub mod list;
pub mod listing;
pub mod log;
pub mod order;
pub mod orders;
pub mod outside;
pub mod pipeline;
pub mod quotes;
pub mod racks;
pub mod receiving;
pub mod server;
pub mod stock;
pub mod waits;
pub mod work;

use rackhand_core::id::{OrderId, UnitId};
use rackhand_core::view::State;
use serde::{Deserialize, Serialize};

use self::face::Face;
use crate::app::model::{Link, Model};
use crate::theme::token::Token;
use crate::widget::canvas::Canvas;
use crate::widget::chrome;

macro_rules! screens {
    ($($name:ident: $kind:ident $(($($about:ty),+))?,)*) => {
        /// Kinds of screen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "each is told by its folder")]
        pub enum Kind { $($kind),* }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];
        }

        /// A screen with what it is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each is told by its folder")]
        pub enum Place { $($kind $(($($about),+))?),* }

        impl Place {
            /// Its kind.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$kind { .. } => Kind::$kind),* }
            }
        }

        /// The state of all screens.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "each is told by its folder")]
        pub struct Screens { $(pub $name: $name::$kind),* }

        /// All screens, in the order of [`Kind`].
        pub const FACES: &[Face] = &[$($name::FACE),*];
    };
}

screens! {
    pipeline: Pipeline,
    server: Server(UnitId),
    letters: Letters,
    journal: Journal,
    racks: Racks,
    elevation: Elevation,
    fleet: Fleet,
    work: Work,
    receiving: Receiving,
    orders: Orders,
    order: Order(OrderId),
    quotes: Quotes(OrderId),
    stock: Stock(OrderId, u16),
    outside: Outside,
}

impl Kind {
    /// Its title.
    pub fn title(self) -> &'static str {
        of(self).title
    }
}

/// The screen of a kind.
pub fn of(kind: Kind) -> &'static Face {
    // Both are made from one list.
    &FACES[kind as usize]
}

/// Below this a screen is one line of counts.
pub const LEAST: (u16, u16) = (20, 4);

/// Draws everything.
pub fn view(model: &Model, canvas: &mut Canvas) {
    let area = canvas.area();
    if area.width < LEAST.0 || area.height < LEAST.1 {
        if area.height > 0 {
            counts(model, canvas);
        }
    } else {
        (of(model.place.kind()).view)(model, canvas);
        if model.link != Link::Live {
            let (y, rows) = chrome::body(model.size);
            canvas.fade(y, rows);
        }
        chrome::hints(model, canvas);
        if let Some(layer) = &model.layer {
            canvas.cursor = None;
            layer.view(model, canvas);
        }
    }
    canvas.finish();
}

/// One line for a terminal too small for more.
fn counts(model: &Model, canvas: &mut Canvas) {
    let (link, token) = chrome::link(model);
    let link = link.split(',').next().unwrap_or_default().to_owned();
    let room = canvas.area().width;
    let used = canvas.put(0, 0, room, &link, token);
    if let Some(overview) = &model.overview {
        let count = |s| overview.states.get(&s).copied().unwrap_or(0);
        let told = format!(
            " S{} R{} M{} dead {}",
            count(State::Stuck),
            count(State::Retrying),
            count(State::Moving),
            overview.dead_letters
        );
        canvas.put(used, 0, room - used, &told, Token::UiText);
    }
}

/// What has no room on this screen, as a sentence.
pub fn hidden(titles: &[&str]) -> String {
    if titles.is_empty() {
        return String::new();
    }
    let list: Vec<String> = titles.iter().map(|t| t.to_lowercase()).collect();
    format!("no room for {}", list.join(", "))
}
