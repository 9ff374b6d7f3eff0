//! An order being written: what is understood of it and what is in stock is shown as it is typed.

use rackhand_core::decide::command::Command;
use rackhand_core::id::SiteId;
use rackhand_core::order::spec::{self, Understood};
use rackhand_core::order::{MAX_LINES, MAX_QUANTITY, OrderRequest, Wish as LineWish};
use rackhand_core::stock::Fit;
use rackhand_core::stock::questions::Stock;
use rackhand_core::text::Text;
use serde::{Deserialize, Serialize};

use super::fields::{Sheet, Shown, State};
use super::{Did, Layer};
use crate::app::bulk::{Part, Wish};
use crate::app::fetch::{Question, Slot, want};
use crate::app::model::Model;
use crate::event::{Ask, Data};
use crate::input::line::Line;
use crate::theme::token::Token;
use crate::widget::words::{start_of_day, until};
use crate::widget::wrap::hang;

/// What is in stock of what is being typed, where it is not known yet.
pub const IN_STOCK: Question = Question {
    slot: Slot("in-stock"),
    ask: |model| {
        let Some(Layer::Order(form)) = &model.layer else { return None };
        let (words, site) = form.wants()?;
        Some(Ask::Stock(words, site))
    },
    take: |model, ask, data, out| {
        if let (Some(Layer::Order(form)), Ask::Stock(words, site), Data::Stock(stock)) = (&mut model.layer, ask, data) {
            form.stocked(words, site.as_ref(), stock);
            want(model, IN_STOCK.slot, out);
        }
    },
};

/// An order being written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderForm {
    tenant: Line,
    site: Line,
    needed: Line,
    note: Line,
    lines: Vec<Want>,
    all_new: bool,
    as_understood: bool,
    at: Item,
    /// What it holds beside its fields.
    pub state: State,
}

/// One line of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Want {
    count: Line,
    spec: Line,
    /// What was asked for last, and what is in stock of it.
    stock: Option<(Text, Option<SiteId>, Stock)>,
}

/// What can have the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// For whom.
    Tenant,
    /// Where to.
    Site,
    /// How many, of a line.
    Count(usize),
    /// What, of a line.
    Spec(usize),
    /// One more line.
    More,
    /// The last line goes.
    Less,
    /// By when.
    Needed,
    /// The orderer's own words.
    Note,
    /// Whether to leave the pool alone.
    AllNew,
    /// Whether to order what was understood, where not all was.
    AsUnderstood,
    /// Sends it.
    Send,
}

impl OrderForm {
    /// An empty order for a site.
    pub fn new(site: &str) -> Self {
        Self {
            tenant: Line::default(),
            site: Line::holding(site),
            needed: Line::default(),
            note: Line::default(),
            lines: vec![Want { count: Line::holding("1"), ..Want::default() }],
            all_new: false,
            as_understood: false,
            at: Item::Tenant,
            state: State::default(),
        }
    }

    /// The site it is for, once one is given.
    fn site(&self) -> Option<SiteId> {
        Some(SiteId::new(self.site.text())).filter(|s| !s.as_str().is_empty())
    }

    /// The first line of which it is not known what is in stock: its words, and where.
    pub fn wants(&self) -> Option<(Text, Option<SiteId>)> {
        let site = self.site();
        let unknown = |l: &&Want| {
            let words = l.spec.text().trim();
            !spec::read(words).spec.is_empty()
                && l.stock.as_ref().is_none_or(|(of, at, _)| of.as_str() != words || *at != site)
        };
        let line = self.lines.iter().find(unknown)?;
        Some((Text::new(line.spec.text().trim()), site))
    }

    /// Takes what is in stock of these words.
    pub fn stocked(&mut self, words: &Text, site: Option<&SiteId>, stock: Stock) {
        for line in self.lines.iter_mut().filter(|l| l.spec.text().trim() == words.as_str()) {
            line.stock = Some((words.clone(), site.cloned(), stock.clone()));
        }
    }

    fn complain(&mut self, at: Item, why: impl Into<Text>) -> Did {
        self.at = at;
        self.state.complaint = Some(why.into());
        Did::Stays
    }

    /// Sends it, or says what is missing.
    fn send(&mut self) -> Did {
        if self.tenant.text().trim().is_empty() {
            return self.complain(Item::Tenant, "for whom? the tenant's slug in NetBox, such as acme");
        }
        let site = SiteId::new(self.site.text());
        if site.as_str().is_empty() {
            return self.complain(Item::Site, "where to? a site, such as fra1, or any");
        }
        let needed_by = match self.needed.text().trim() {
            "" => None,
            text => match start_of_day(text) {
                Some(day) => Some(day),
                None => return self.complain(Item::Needed, "no day: write it as 2026-12-24, or leave it empty"),
            },
        };
        let mut lines = Vec::new();
        for n in 0..self.lines.len() {
            let line = &self.lines[n];
            let Some(quantity) = quantity(&line.count) else {
                return self.complain(Item::Count(n), format!("how many? 1 to {MAX_QUANTITY}"));
            };
            let words = line.spec.text().trim().to_owned();
            let Understood { spec, unclear } = spec::read(&words);
            if spec.is_empty() {
                return self.complain(Item::Spec(n), "nothing is understood of this line yet");
            }
            if !unclear.is_empty() && !self.as_understood {
                let why = "not all is understood: write it otherwise, or order it as understood";
                return self.complain(Item::AsUnderstood, why);
            }
            lines.push(LineWish { quantity, spec: words.into(), model: None });
        }
        let note = Some(Text::new(self.note.text().trim())).filter(|n| !n.is_empty());
        let tenant = Text::new(self.tenant.text().trim());
        let request = OrderRequest {
            needed_by,
            note,
            all_new: self.all_new,
            as_understood: self.as_understood,
            ..OrderRequest::new(tenant.clone(), site, lines)
        };
        let told = Text::from(format!("order for {tenant}"));
        Did::Sends(Wish { parts: vec![Part { label: tenant, command: Command::Order(request), undo: None }], told })
    }
}

fn quantity(line: &Line) -> Option<u32> {
    line.text().trim().parse().ok().filter(|n| (1..=MAX_QUANTITY).contains(n))
}

impl Sheet for OrderForm {
    type Item = Item;

    fn title(&self) -> String {
        "order servers".to_owned()
    }

    fn items(&self) -> Vec<Item> {
        let mut items = vec![Item::Tenant, Item::Site];
        items.extend((0..self.lines.len()).flat_map(|n| [Item::Count(n), Item::Spec(n)]));
        items.extend((self.lines.len() < MAX_LINES).then_some(Item::More));
        items.extend((self.lines.len() > 1).then_some(Item::Less));
        items.extend([Item::Needed, Item::Note, Item::AllNew, Item::AsUnderstood, Item::Send]);
        items
    }

    fn at(&self) -> Item {
        self.at
    }

    fn focus(&mut self, item: Item) {
        self.at = item;
    }

    fn line(&mut self, item: Item) -> Option<&mut Line> {
        match item {
            Item::Tenant => Some(&mut self.tenant),
            Item::Site => Some(&mut self.site),
            Item::Needed => Some(&mut self.needed),
            Item::Note => Some(&mut self.note),
            Item::Count(n) => self.lines.get_mut(n).map(|l| &mut l.count),
            Item::Spec(n) => self.lines.get_mut(n).map(|l| &mut l.spec),
            Item::More | Item::Less | Item::AllNew | Item::AsUnderstood | Item::Send => None,
        }
    }

    fn turn(&mut self, item: Item) -> bool {
        match item {
            Item::AllNew => self.all_new = !self.all_new,
            Item::AsUnderstood => self.as_understood = !self.as_understood,
            _ => return false,
        }
        true
    }

    fn is_button(&self, item: Item) -> bool {
        matches!(item, Item::More | Item::Less | Item::Send)
    }

    fn press(&mut self, item: Item, _: &Model) -> Did {
        match item {
            Item::More => {
                self.lines.push(Want { count: Line::holding("1"), ..Want::default() });
                self.at = Item::Count(self.lines.len() - 1);
            }
            Item::Less => {
                self.lines.pop();
                self.at = Item::More;
            }
            _ => return self.send(),
        }
        Did::Stays
    }

    fn rows<'a>(&'a self, model: &Model, room: usize) -> Vec<Shown<'a, Item>> {
        let mut rows =
            vec![Shown::Field(Item::Tenant, "tenant", &self.tenant), Shown::Field(Item::Site, "site", &self.site)];
        if SiteId::new(self.site.text()).is_any() {
            let how = "  goes where stock, free units, power and time serve it best; the order says why";
            rows.push(Shown::Said(how.to_owned(), Token::UiDim));
        }
        for (n, line) in self.lines.iter().enumerate() {
            let name = |first: &'static str, other: &'static str| if n == 0 { first } else { other };
            rows.push(Shown::Field(Item::Count(n), name("how many", "and how many"), &line.count));
            rows.push(Shown::Field(Item::Spec(n), name("of what", "of what else"), &line.spec));
            let said = self.echo(line, room);
            rows.extend(said.into_iter().map(|(text, token)| Shown::Said(text, token)));
        }
        if self.lines.len() < MAX_LINES {
            rows.push(Shown::Button(Item::More, "one more line".to_owned()));
        }
        if self.lines.len() > 1 {
            rows.push(Shown::Button(Item::Less, "drop the last line".to_owned()));
        }
        rows.push(Shown::Field(Item::Needed, "needed by", &self.needed));
        let needed = self.needed.text().trim();
        if !needed.is_empty() {
            rows.push(match start_of_day(needed) {
                Some(day) => Shown::Said(format!("  {}", until(day, model.now)), Token::UiDim),
                None => Shown::Said("  no day yet: write it as 2026-12-24".to_owned(), Token::StateWarn),
            });
        }
        rows.push(Shown::Field(Item::Note, "note", &self.note));
        rows.push(Shown::Switch(Item::AllNew, "buy all", self.all_new));
        rows.push(Shown::Switch(Item::AsUnderstood, "as understood", self.as_understood));
        rows.push(Shown::Button(Item::Send, "order it".to_owned()));
        rows
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl OrderForm {
    /// What is understood of a line, what is not, and what of it is in stock.
    fn echo(&self, line: &Want, room: usize) -> Vec<(String, Token)> {
        let words = line.spec.text().trim();
        let mut said: Vec<(String, Token)> = Vec::new();
        let mut say = |text: String, token| said.extend(hang(&text, room, 4).into_iter().map(|l| (l, token)));
        if words.is_empty() {
            say("  such as: 2x Xeon Gold 6530, 512GB DDR5, 4x 3.84TB NVMe, 2x 100GbE".to_owned(), Token::UiDim);
            return said;
        }
        let Understood { spec, unclear } = spec::read(words);
        if spec.is_empty() {
            say("  nothing is understood yet".to_owned(), Token::StateWarn);
        } else {
            say(format!("  understood: {spec}"), Token::StateInfo);
        }
        for part in &unclear {
            say(format!("  not understood: `{}`: {}", part.part, part.why), Token::StateWarn);
        }
        if spec.is_empty() {
            return said;
        }
        let site = self.site();
        let place = site.as_ref().map_or_else(|| "any site".to_owned(), ToString::to_string);
        match &line.stock {
            Some((of, at, stock)) if of.as_str() == words && *at == site => {
                for (text, token) in in_stock(stock, &place, quantity(&line.count), self.all_new) {
                    say(text, token);
                }
            }
            _ => say(format!("  in stock at {place}: not known yet"), Token::StateUnknown),
        }
        said
    }
}

/// What is in stock, as sentences.
fn in_stock(stock: &Stock, place: &str, wanted: Option<u32>, all_new: bool) -> Vec<(String, Token)> {
    let serve = stock.free.iter().filter(|m| m.fit != Fit::Near).count();
    let near = stock.free.iter().filter(|m| m.fit == Fit::Near).count();
    let kept = stock.kept.iter().filter(|(m, _)| m.fit != Fit::Near).count();
    // More than are told may be there.
    let more = if stock.free_total > stock.free.len() { " or more" } else { "" };
    let mut told = vec![format!("serving {serve}{more}")];
    if near > 0 {
        told.push(format!("nearly {near}{more}"));
    }
    if kept > 0 {
        told.push(format!("kept for other orders {kept}"));
    }
    if stock.unknown > 0 {
        told.push(format!("not known what they are {}", stock.unknown));
    }
    let token = if serve > 0 { Token::StateOk } else { Token::UiText };
    let mut said = vec![(format!("  in stock at {place}: {}", told.join(", ")), token)];
    if let Some(wanted) = wanted.map(|w| w as usize) {
        let from_stock = if all_new { 0 } else { serve.min(wanted) };
        let names: Vec<&str> = stock
            .free
            .iter()
            .filter(|m| m.fit != Fit::Near)
            .take(from_stock.min(4))
            .map(|m| m.label.as_str())
            .collect();
        let names = if names.is_empty() {
            String::new()
        } else {
            format!(" ({}{})", names.join(", "), if from_stock > 4 { ", ..." } else { "" })
        };
        said.push((
            format!("  so: {from_stock} from the pool{names}, {} to be bought", wanted - from_stock),
            Token::UiText,
        ));
    }
    said
}
