//! A vendor's quote being entered by hand. What the paper does not say stays empty, and is `missing` ever after.

use rackhand_core::decide::command::Command;
use rackhand_core::id::{OrderId, SellerId};
use rackhand_core::order::questions::OrderDetail;
use rackhand_core::order::spec;
use rackhand_core::purchase::money::{Currency, Money, minor};
use rackhand_core::purchase::paper::{Paper, Quote, QuoteLine};
use rackhand_core::text::Text;
use rackhand_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Did;
use super::fields::{Sheet, Shown, State};
use crate::app::bulk::{Part, Wish};
use crate::app::model::Model;
use crate::input::line::Line;
use crate::theme::token::Token;
use crate::widget::words::{end_of_day, until};
use crate::widget::wrap::hang;

/// What stands for "as it was asked for".
const AS_ASKED: &str = "=";

/// A quote being entered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuoteForm {
    order: OrderId,
    /// Vendors that were asked: short name and title.
    sellers: Vec<(SellerId, Text)>,
    seller: Line,
    number: Line,
    currency: Line,
    valid: Line,
    lines: Vec<Offered>,
    freight: Line,
    total: Line,
    note: Line,
    at: Item,
    /// What it holds beside its fields.
    pub state: State,
}

/// What is offered for one line of the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Offered {
    line: u16,
    asked: Text,
    wanted: u32,
    fields: [Line; 7],
}

/// The fields of a line, in their order.
const FIELDS: [&str; 7] =
    ["part number", "offered", "how many", "unit price", "lead days", "warranty months", "watts each"];
const PART: usize = 0;
const SPEC: usize = 1;
const COUNT: usize = 2;
const PRICE: usize = 3;
const LEAD: usize = 4;
const WARRANTY: usize = 5;
const WATTS: usize = 6;

/// What can have the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Item {
    /// Whose quote.
    Seller,
    /// The vendor's number for it.
    Number,
    /// The currency of its prices.
    Currency,
    /// Until when it holds.
    Valid,
    /// A field of a line.
    Of(usize, usize),
    /// Freight.
    Freight,
    /// The total as the paper states it.
    Total,
    /// What else it says.
    Note,
    /// Sends it.
    Send,
}

impl QuoteForm {
    /// An empty quote for an order: a line for each that is to be bought.
    pub fn new(order: &OrderDetail) -> Self {
        let offered = |l: &rackhand_core::order::questions::OrderLine| Offered {
            line: l.line,
            asked: l.spec.clone(),
            wanted: l.units.len() as u32,
            fields: std::array::from_fn(|n| {
                Line::holding(if n == COUNT { l.units.len().to_string() } else { String::new() }.as_str())
            }),
        };
        let lines: Vec<Offered> = order.lines.iter().filter(|l| !l.units.is_empty()).map(offered).collect();
        let sellers: Vec<(SellerId, Text)> = order.deals.iter().map(|d| (d.seller, d.title.clone())).collect();
        let open = order.deals.iter().find(|d| d.offer.is_none() && d.ended.is_none());
        let seller = open.map_or_else(String::new, |d| d.seller.to_string());
        Self {
            order: order.row.id,
            sellers,
            at: if seller.is_empty() { Item::Seller } else { Item::Number },
            seller: Line::holding(&seller),
            number: Line::default(),
            currency: Line::holding("EUR"),
            valid: Line::default(),
            lines,
            freight: Line::default(),
            total: Line::default(),
            note: Line::default(),
            state: State::default(),
        }
    }

    fn complain(&mut self, (at, why): (Item, String)) -> Did {
        self.at = at;
        self.state.complaint = Some(why.into());
        Did::Stays
    }

    fn money(&self) -> Option<Currency> {
        self.currency.text().trim().parse().ok()
    }

    /// The quote as far as it can be read; else where it cannot, and why.
    fn read(&self) -> Result<(SellerId, Quote), (Item, String)> {
        let seller = self.seller.text().trim().parse().map_err(|why: &str| (Item::Seller, why.to_owned()))?;
        let number = Text::new(self.number.text().trim());
        if number.is_empty() {
            return Err((Item::Number, "the vendor's number for it is needed: the purchase order names it".to_owned()));
        }
        let currency: Currency =
            self.currency.text().trim().parse().map_err(|why: &str| (Item::Currency, why.to_owned()))?;
        let valid_until: Option<Timestamp> = match self.valid.text().trim() {
            "" => None,
            text => Some(end_of_day(text).ok_or_else(|| (Item::Valid, "no day: write it as 2026-12-24".to_owned()))?),
        };
        let amount = |item, line: &Line| match line.text().trim() {
            "" => Ok(None),
            text => minor(text, currency).map(Some).map_err(|why| (item, why.to_string())),
        };
        let mut lines = Vec::new();
        for (n, l) in self.lines.iter().enumerate() {
            let text = |field: usize| l.fields[field].text().trim();
            let number =
                |field: usize, most: u32| match text(field) {
                    "" => Ok(None),
                    words => words.parse().ok().filter(|n| *n <= most).map(Some).ok_or_else(|| {
                        (Item::Of(n, field), format!("{}: a number up to {most}, or empty", FIELDS[field]))
                    }),
                };
            let part = match text(PART) {
                "" => Text::from(format!("line {}", l.line)),
                part => Text::new(part),
            };
            let spec = match text(SPEC) {
                "" => None,
                AS_ASKED => Some(l.asked.clone()),
                words => Some(Text::new(words)),
            };
            let quantity = number(COUNT, 10_000)?
                .ok_or_else(|| (Item::Of(n, COUNT), "how many are offered? 0 leaves the line out".to_owned()))?;
            let unit_price = amount(Item::Of(n, PRICE), &l.fields[PRICE])?;
            let small = |field: usize| -> Result<Option<u16>, (Item, String)> {
                Ok(number(field, u16::MAX.into())?.and_then(|n| u16::try_from(n).ok()))
            };
            let (lead_days, warranty_months, watts) = (small(LEAD)?, small(WARRANTY)?, number(WATTS, 100_000)?);
            if quantity > 0 {
                let description = spec.clone().unwrap_or_else(|| part.clone());
                let line = Some(l.line);
                lines.push(QuoteLine {
                    line,
                    part,
                    description,
                    spec,
                    quantity,
                    unit_price,
                    lead_days,
                    warranty_months,
                    watts,
                });
            }
        }
        let (freight, total) = (amount(Item::Freight, &self.freight)?, amount(Item::Total, &self.total)?);
        let note = Some(Text::new(self.note.text().trim())).filter(|n| !n.is_empty());
        Ok((seller, Quote { number, request: None, currency, valid_until, lines, freight, total, note }))
    }

    /// What is understood of the whole, as a sentence.
    fn sum(&self) -> (String, Token) {
        match self.read() {
            Err((_, why)) => (format!("  not whole yet: {why}"), Token::UiDim),
            Ok((_, quote)) => match (quote.sum(), quote.total) {
                (None, _) => ("  a price is missing: it cannot be approved so".to_owned(), Token::QuoteMissing),
                (Some(sum), Some(total)) if sum != total => {
                    let (sum, total) = (Money::new(sum, quote.currency), Money::new(total, quote.currency));
                    (format!("  the lines add up to {sum}, the paper states {total}"), Token::QuoteDiffers)
                }
                (Some(sum), _) => (format!("  adds up to {}", Money::new(sum, quote.currency)), Token::StateInfo),
            },
        }
    }

    /// What is understood of a line.
    fn echo(l: &Offered, room: usize) -> Vec<(String, Token)> {
        let (text, token) = match l.fields[SPEC].text().trim() {
            "" => (format!("  not told what it is; {AS_ASKED} says: as asked"), Token::QuoteMissing),
            AS_ASKED => (format!("  as asked: {}", l.asked), Token::StateInfo),
            words => {
                let read = spec::read(words);
                let parts: Vec<&str> = read.unclear.iter().map(|u| u.part.as_str()).collect();
                let (unclear, token) = if parts.is_empty() {
                    (String::new(), Token::StateInfo)
                } else {
                    (format!("; not understood: {}", parts.join(", ")), Token::StateWarn)
                };
                let understood = if read.spec.is_empty() { "nothing".to_owned() } else { read.spec.to_string() };
                (format!("  understood: {understood}{unclear}"), token)
            }
        };
        hang(&text, room, 4).into_iter().map(|line| (line, token)).collect()
    }
}

impl Sheet for QuoteForm {
    type Item = Item;

    fn title(&self) -> String {
        format!("a vendor's quote for order {}", self.order)
    }

    fn items(&self) -> Vec<Item> {
        let mut items = vec![Item::Seller, Item::Number, Item::Currency, Item::Valid];
        items.extend((0..self.lines.len()).flat_map(|n| (0..FIELDS.len()).map(move |f| Item::Of(n, f))));
        items.extend([Item::Freight, Item::Total, Item::Note, Item::Send]);
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
            Item::Seller => Some(&mut self.seller),
            Item::Number => Some(&mut self.number),
            Item::Currency => Some(&mut self.currency),
            Item::Valid => Some(&mut self.valid),
            Item::Of(n, field) => self.lines.get_mut(n)?.fields.get_mut(field),
            Item::Freight => Some(&mut self.freight),
            Item::Total => Some(&mut self.total),
            Item::Note => Some(&mut self.note),
            Item::Send => None,
        }
    }

    fn turn(&mut self, _: Item) -> bool {
        false
    }

    fn is_button(&self, item: Item) -> bool {
        item == Item::Send
    }

    fn press(&mut self, _: Item, _: &Model) -> Did {
        match self.read() {
            Err(wrong) => self.complain(wrong),
            Ok((seller, quote)) => {
                let told = Text::from(format!("quote {} of {seller} for order {}", quote.number, self.order));
                let paper = Box::new(Paper::Quote(quote));
                let command = Command::EnterPaper { order: self.order, seller, paper };
                let label = Text::from(format!("order {}", self.order));
                Did::Sends(Wish { parts: vec![Part { label, command, undo: None }], told })
            }
        }
    }

    fn rows<'a>(&'a self, model: &Model, room: usize) -> Vec<Shown<'a, Item>> {
        let mut rows = vec![Shown::Field(Item::Seller, "vendor", &self.seller)];
        let known: Vec<String> = self.sellers.iter().map(|(id, title)| format!("{id} ({title})")).collect();
        let known = if known.is_empty() {
            "  a short name, such as hpe; nobody was asked yet".to_owned()
        } else {
            format!("  asked: {}", known.join(", "))
        };
        rows.extend(hang(&known, room, 4).into_iter().map(|l| Shown::Said(l, Token::UiDim)));
        rows.push(Shown::Field(Item::Number, "quote number", &self.number));
        rows.push(Shown::Field(Item::Currency, "currency", &self.currency));
        rows.push(Shown::Field(Item::Valid, "valid until", &self.valid));
        let valid = self.valid.text().trim();
        rows.push(match end_of_day(valid) {
            Some(day) => Shown::Said(format!("  {}", until(day, model.now)), Token::UiDim),
            None if valid.is_empty() => Shown::Said("  such as 2026-12-24; empty is missing".to_owned(), Token::UiDim),
            None => Shown::Said("  no day yet: write it as 2026-12-24".to_owned(), Token::StateWarn),
        });
        for (n, line) in self.lines.iter().enumerate() {
            let asked = format!("line {}: {}x {}", line.line, line.wanted, line.asked);
            rows.extend(hang(&asked, room, 4).into_iter().map(|l| Shown::Said(l, Token::UiTitle)));
            for (field, name) in FIELDS.iter().enumerate() {
                rows.push(Shown::Field(Item::Of(n, field), name, &line.fields[field]));
                if field == SPEC {
                    rows.extend(Self::echo(line, room).into_iter().map(|(text, token)| Shown::Said(text, token)));
                }
                if field == PRICE && !line.fields[PRICE].text().trim().is_empty() {
                    rows.push(self.price(line));
                }
            }
        }
        rows.push(Shown::Field(Item::Freight, "freight", &self.freight));
        rows.push(Shown::Field(Item::Total, "stated total", &self.total));
        rows.push(Shown::Field(Item::Note, "note", &self.note));
        let (sum, token) = self.sum();
        rows.extend(hang(&sum, room, 4).into_iter().map(|l| Shown::Said(l, token)));
        rows.push(Shown::Button(Item::Send, "enter it".to_owned()));
        rows
    }

    fn state(&self) -> &State {
        &self.state
    }

    fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl QuoteForm {
    fn price<'a>(&self, line: &Offered) -> Shown<'a, Item> {
        let Some(currency) = self.money() else {
            return Shown::Said("  of which currency?".to_owned(), Token::StateWarn);
        };
        match minor(line.fields[PRICE].text(), currency) {
            Ok(price) => Shown::Said(format!("  {} each", Money::new(price, currency)), Token::StateInfo),
            Err(why) => Shown::Said(format!("  {why}"), Token::StateWarn),
        }
    }
}
