//! The table of offers as pieces of text: a column of points, what was asked where there is room, a column for each
//! offer that fits; and below, what is to be said of the offer that is looked at.

use rackhand_core::purchase::compare::{Cell, Compared, Comparison, MISSING, Mark};
use rackhand_core::text::Text;

use super::{comparison, looked_at};
use crate::app::model::Model;
use crate::screen::order::{deal, detail};
use crate::theme::token::Token;
use crate::widget::words::{difference, short};
use crate::widget::wrap::hang;

/// Columns an offer needs at least.
const LEAST: u16 = 26;
/// From this width on what was asked has a column.
const ASKED: u16 = 110;

/// A piece of a line.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where it begins.
    pub x: u16,
    /// How wide it may be.
    pub room: u16,
    /// What it says.
    pub text: String,
    /// How it looks.
    pub token: Token,
    /// Which of the quotes' signs stands before it.
    pub sign: Option<usize>,
}

impl Piece {
    fn new(x: u16, room: u16, text: impl Into<String>, token: Token) -> Self {
        Self { x, room, text: text.into(), token, sign: None }
    }
}

fn label_width(model: &Model) -> u16 {
    if model.size.0 < 72 { 16 } else { 20 }
}

fn asked_width(model: &Model) -> u16 {
    if model.size.0 >= ASKED { LEAST } else { 0 }
}

/// The offers that fit, as places, with where each begins and how wide it is. The chosen one is among them.
pub fn columns(model: &Model) -> Vec<(usize, u16, u16)> {
    let Some(all) = comparison(model) else { return Vec::new() };
    let left = 1 + label_width(model) + 1 + asked_width(model) + u16::from(asked_width(model) > 0);
    let room = model.size.0.saturating_sub(left + 1);
    let fit = usize::from(room / LEAST).clamp(1, 4).min(all.offers.len());
    let first = (looked_at(model) + 1).saturating_sub(fit);
    let each = room / u16::try_from(fit).unwrap_or(1);
    // Wider than this nothing is easier to read.
    let each = each.min(48);
    (first..first + fit).zip(0_u16..).map(|(at, n)| (at, left + n * each, each.saturating_sub(1))).collect()
}

/// The line of the vendors' names.
pub fn heads(model: &Model) -> Vec<Piece> {
    let Some(all) = comparison(model) else { return Vec::new() };
    let mut out = Vec::new();
    if asked_width(model) > 0 {
        out.push(Piece::new(2 + label_width(model), LEAST, "ASKED", Token::UiDim));
    }
    let chosen = looked_at(model);
    for (at, x, room) in columns(model) {
        let offer = &all.offers[at];
        let token = if at == chosen { Token::UiSelection } else { Token::UiTitle };
        out.push(Piece::new(x, room, format!("{} {}", offer.rank, offer.title), token));
    }
    out
}

/// One row of the table: a point, what was asked, and what each offer says.
struct Row {
    what: String,
    asked: Option<Text>,
    cells: Vec<Cell>,
}

/// All lines below the vendors' names.
pub fn lines(model: &Model) -> Vec<Vec<Piece>> {
    let Some(all) = comparison(model) else { return Vec::new() };
    let columns = columns(model);
    let mut out = Vec::new();
    for row in rows(all) {
        draw(&row, model, &columns, &mut out);
    }
    let room = usize::from(model.size.0.saturating_sub(2)).max(1);
    if let Some(offer) = all.offers.get(looked_at(model)) {
        for (text, token) in about(model, offer, all.offers.len()) {
            let hung = hang(&text, room, 2);
            out.extend(hung.into_iter().map(|text| vec![Piece::new(1, model.size.0, text, token)]));
        }
    }
    out
}

/// What is looked at first, first; then line by line.
fn rows(all: &Comparison) -> Vec<Row> {
    const FIRST: [&str; 11] = [
        "total",
        "unit price",
        "rate",
        "lead time",
        "warranty",
        "energy",
        "cost",
        "validity",
        "late before",
        "freight",
        "stated total",
    ];
    let plain = |text: String, mark| Cell { text: text.into(), mark, behind: None };
    let of = all.offers.len();
    let rank = |o: &Compared| {
        plain(format!("{} of {of}", o.rank), if o.rank == 1 && of > 1 { Mark::Best } else { Mark::Plain })
    };
    let fit = |o: &Compared| match o.obstacles.len() {
        0 => plain("yes".to_owned(), Mark::Plain),
        n => plain(format!("NO, for {n} reason{}", if n == 1 { "" } else { "s" }), Mark::Differs),
    };
    let record = |o: &Compared| match o.record {
        Some(r) => plain(format!("{} of {} orders, {} days in all", r.late, r.orders, r.days_late), Mark::Plain),
        None => plain("no history".to_owned(), Mark::Plain),
    };
    let row = |what: &str, cells: Vec<Cell>| Row { what: what.to_owned(), asked: None, cells };
    let mut out = vec![
        row("rank", all.offers.iter().map(rank).collect()),
        row("fit to be chosen", all.offers.iter().map(fit).collect()),
    ];
    let mut rest: Vec<Row> = all
        .rows
        .iter()
        .filter(|r| !is_said_twice(&r.what, all))
        .map(|r| Row { what: r.what.to_string(), asked: r.asked.clone(), cells: r.cells.clone() })
        .collect();
    rest.push(row("late before", all.offers.iter().map(record).collect()));
    // `line 2 unit price EUR` goes with the prices; the points of the servers stay in their own order.
    let place = |what: &str| FIRST.iter().position(|f| what.contains(f) && (*f != "total" || !what.contains("stated")));
    rest.sort_by_key(|r| place(&r.what).unwrap_or(FIRST.len()));
    out.extend(rest);
    out
}

/// Where every offer is in the base currency, its own prices are those of the base.
fn is_said_twice(what: &str, all: &Comparison) -> bool {
    let own = what == "total" || what == "rate" || what.ends_with("unit price");
    own && all.offers.iter().all(|o| o.currency == all.base)
}

fn look(mark: Mark) -> (Token, Option<usize>) {
    match mark {
        Mark::Plain => (Token::UiText, None),
        Mark::Best => (Token::QuoteBest, Some(0)),
        Mark::Worst => (Token::QuoteWorse, Some(1)),
        Mark::More => (Token::StateInfo, Some(2)),
        Mark::Differs => (Token::QuoteDiffers, Some(3)),
        Mark::Missing => (Token::QuoteMissing, Some(4)),
    }
}

/// A cell's words: how far it is behind the best, and that a part of it is missing. The currency that the row's name
/// has is not said again.
fn words(what: &str, cell: &Cell) -> String {
    let currency = what.rsplit(' ').next().filter(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase()));
    let plain = |text: &Text| {
        let end = currency.map(|c| format!(" {c}")).unwrap_or_default();
        text.strip_suffix(end.as_str()).unwrap_or(text).to_owned()
    };
    let behind = cell.behind.as_ref().map_or_else(String::new, |b| format!(" ({})", plain(b)));
    let part = if cell.mark == Mark::Missing && cell.text.as_str() != MISSING { " (in part missing)" } else { "" };
    format!("{}{behind}{part}", plain(&cell.text))
}

fn draw(row: &Row, model: &Model, columns: &[(usize, u16, u16)], out: &mut Vec<Vec<Piece>>) {
    let from = out.len();
    let mut put = |x: u16, room: u16, lines: Vec<String>, (token, sign): (Token, Option<usize>)| {
        for (n, text) in lines.into_iter().enumerate() {
            if out.len() == from + n {
                out.push(Vec::new());
            }
            let sign = sign.filter(|_| n == 0);
            out[from + n].push(Piece { sign, ..Piece::new(x, room, text, token) });
        }
    };
    let label = label_width(model);
    put(1, label, hang(&row.what, usize::from(label), 2), (Token::UiDim, None));
    if let Some(asked) = row.asked.as_ref().filter(|_| asked_width(model) > 0) {
        put(2 + label, LEAST - 1, hang(asked, usize::from(LEAST - 1), 2), (Token::UiText, None));
    }
    for (at, x, room) in columns {
        let Some(cell) = row.cells.get(*at) else { continue };
        // The sign and a space stand before the words.
        let space = usize::from(room.saturating_sub(2)).max(1);
        put(x + 2, room.saturating_sub(2), hang(&words(&row.what, cell), space, 2), look(cell.mark));
    }
}

/// Why the offer that is looked at has its rank, and all in which it is not what was asked for.
fn about(model: &Model, offer: &Compared, of: usize) -> Vec<(String, Token)> {
    let mut out =
        vec![(String::new(), Token::UiText), (format!("{}: RANK {} OF {of}", offer.title, offer.rank), Token::UiTitle)];
    out.extend(offer.reasons.iter().map(|r| (r.to_string(), Token::UiText)));
    out.extend(offer.obstacles.iter().map(|o| (format!("not fit to be chosen: {o}"), Token::QuoteDiffers)));
    if !offer.missing.is_empty() {
        let list: Vec<&str> = offer.missing.iter().map(Text::as_str).collect();
        out.push((format!("missing: {}", list.join(", ")), Token::QuoteMissing));
    }
    for line in &offer.lines {
        for d in &line.differences {
            out.push((format!("line {}: {}", line.line, difference(d)), Token::QuoteDiffers));
        }
        for part in line.parts.iter().chain(&line.with) {
            out.push((
                format!("line {}: {}x {} {}", line.line, part.quantity, part.part, part.description),
                Token::UiDim,
            ));
            for words in &part.unclear {
                out.push((format!("  not understood: {words}"), Token::QuoteMissing));
            }
        }
    }
    out.extend(offer.extra.iter().map(|p| {
        (
            format!("also on the paper, and in its price: {}x {} {}", p.quantity, p.part, p.description),
            Token::QuoteDiffers,
        )
    }));
    let Some(order) = detail(model) else { return out };
    if let Some(deal) = deal(order, offer)
        && let Some(standing) = &deal.offer
    {
        let by = format!(
            "quote {} revision {} came {} by {}",
            offer.number,
            standing.revision,
            short(standing.at),
            standing.by
        );
        out.push((by, Token::UiDim));
        let given: Vec<String> = order
            .approvals
            .iter()
            .filter(|a| a.seller == deal.seller && a.revision == standing.revision)
            .map(|a| format!("{} on {}", a.by, short(a.at)))
            .collect();
        let so_far = if given.is_empty() { "none yet".to_owned() } else { given.join(", ") };
        out.push((format!("approvals: {} of {} ({so_far})", given.len(), deal.approvers), Token::UiText));
    }
    out
}
