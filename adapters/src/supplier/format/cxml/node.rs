//! Elements of a cXML document, and the values that stand in several of its papers.

use roxmltree::Node;

use rackhand_core::purchase::money::Currency;
use rackhand_core::text::Text;

use crate::supplier::format::door::{Door, at, plain, words};

/// An element. cXML has no namespaces.
#[derive(Clone, Copy)]
pub(super) struct Element<'a>(pub(super) Node<'a, 'a>);

impl<'a> Element<'a> {
    pub(super) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    pub(super) fn named(self, name: &str) -> bool {
        self.0.has_tag_name(name)
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }

    pub(super) fn children(self) -> impl Iterator<Item = Element<'a>> {
        self.0.children().filter(Node::is_element).map(Element)
    }

    /// The children of this name.
    pub(super) fn all(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.children().filter(move |c| c.named(name))
    }

    /// The elements of this name at any depth.
    pub(super) fn descendants(self, name: &str) -> impl Iterator<Item = Element<'a>> {
        self.0.descendants().filter(move |n| n.has_tag_name(name)).map(Element)
    }

    /// The first element down a path, such as `ItemID/SupplierPartID`.
    pub(super) fn path(self, path: &str) -> Option<Element<'a>> {
        path.split('/').try_fold(self, |at, name| at.all(name).next())
    }

    /// The text that stands directly in it, entities and CDATA resolved, however comments divide it.
    pub(super) fn text(self) -> String {
        self.0.children().filter(Node::is_text).filter_map(|n| n.text()).collect()
    }

    /// The text down a path.
    pub(super) fn text_at(self, path: &str) -> Option<String> {
        self.path(path).map(Element::text)
    }

    /// What an Extrinsic of this name says; case, spaces and marks in names do not matter.
    pub(super) fn extrinsic(self, name: &str) -> Option<String> {
        self.all("Extrinsic").find(|e| e.attribute("name").is_some_and(|n| plain(n) == name)).map(Element::text)
    }

    /// Comments, joined.
    pub(super) fn comments(self) -> Option<Text> {
        let all: Vec<String> = self.all("Comments").map(|c| c.text().trim().to_owned()).collect();
        words(Some(&all.join(" ")))
    }
}

/// The `Money` under an element: its amount in minor units. All of a paper are of one currency, which the first names
/// where the header does not.
pub(super) fn money(
    door: &mut Door,
    row: Option<u32>,
    path: &str,
    from: Element<'_>,
    currency: &mut Option<Currency>,
) -> Option<u64> {
    let money = from.path(path)?;
    let place = format!("{path}/@currency");
    let own = door.currency(at(row, &place), money.attribute("currency"));
    match (*currency, own) {
        (None, Some(own)) => *currency = Some(own),
        (Some(all), Some(own)) if all != own => {
            door.flaw(at(row, &place), format!("{own} where the paper is in {all}; one paper has one currency"));
        }
        (None, None) => {
            door.flaw(at(row, &place), "it is missing; prices without a currency are not taken");
        }
        _ => {}
    }
    door.price(at(row, path), Some(&money.text()), *currency)
}
