//! Lines of orders and of offers, as they are typed in one argument.

use rackhand_core::order::{MAX_QUANTITY, Wish};
use rackhand_core::text::Text;

/// A line of an offer; its price is read once the currency is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedLine {
    /// The line of the order that it answers, where that was said.
    pub answers: Option<u16>,
    /// The vendor's part number.
    pub part: Text,
    /// How many.
    pub quantity: u32,
    /// For each, as it was typed.
    pub price: String,
    /// Days from the order to the delivery.
    pub lead_days: Option<u16>,
    /// Months of warranty.
    pub warranty_months: Option<u16>,
    /// What each is, in the words of specifications.
    pub spec: Option<Text>,
}

/// `4: 2x Xeon Gold 6530, 512GB DDR5`: how many of what.
pub(super) fn wish(text: &str) -> Result<Wish, String> {
    const BAD: &str = "give how many, a colon, and what each shall be, such as \"4: 2x Xeon Gold 6530, 512GB DDR5\"";
    let (quantity, spec) = text.split_once(':').ok_or(BAD)?;
    let quantity: u32 = quantity.trim().parse().map_err(|_| BAD)?;
    if quantity == 0 || quantity > MAX_QUANTITY {
        return Err(format!("1 to {MAX_QUANTITY} servers on a line"));
    }
    if spec.trim().is_empty() {
        return Err(BAD.to_owned());
    }
    Ok(Wish { quantity, spec: spec.trim().into(), model: None })
}

/// `2=P52562-B21:4:9500.00:42:36:2x Xeon Gold 6530, 512GB DDR5`, whose ends may be left out.
pub(super) fn quoted(text: &str) -> Result<QuotedLine, String> {
    const BAD: &str = "give PART:QTY:PRICE, then :LEAD_DAYS, :WARRANTY_MONTHS and :SPEC where they are known";
    let (answers, rest) = match text.split_once('=') {
        Some((line, rest)) if !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()) => {
            (Some(line.parse().map_err(|_| format!("the order has no line {line}"))?), rest)
        }
        _ => (None, text),
    };
    let mut fields = rest.splitn(6, ':').map(str::trim);
    let part = fields.next().filter(|p| !p.is_empty()).ok_or(BAD)?;
    let quantity: u32 = fields.next().ok_or(BAD)?.parse().map_err(|_| "QTY is a whole number")?;
    if quantity == 0 {
        return Err("QTY is 1 or more".to_owned());
    }
    let price = fields.next().filter(|p| !p.is_empty()).ok_or(BAD)?;
    let mut number = |what: &str| match fields.next().filter(|f| !f.is_empty()) {
        None => Ok(None),
        Some(digits) => digits.parse().map(Some).map_err(|_| format!("{what} is a whole number")),
    };
    let (lead_days, warranty_months) = (number("LEAD_DAYS")?, number("WARRANTY_MONTHS")?);
    let spec = fields.next().filter(|s| !s.is_empty()).map(Text::new);
    Ok(QuotedLine { answers, part: part.into(), quantity, price: price.into(), lead_days, warranty_months, spec })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_an_order_is_a_number_and_a_specification() {
        let read = wish(" 4 : 2x Xeon Gold 6530, 512GB DDR5 ").unwrap();
        assert_eq!((read.quantity, read.spec.as_str()), (4, "2x Xeon Gold 6530, 512GB DDR5"));
        for bad in ["", "4", "4:", "0: 1x CPU", "501: 1x CPU", "-1: 1x CPU", "four: 1x CPU", "2x Xeon Gold 6530"] {
            assert!(wish(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_line_of_an_offer_may_leave_out_what_is_not_known() {
        let read = quoted("P52562-B21:4:9,500.00").unwrap();
        assert_eq!((read.answers, read.part.as_str(), read.quantity), (None, "P52562-B21", 4));
        assert_eq!(
            (read.price.as_str(), read.lead_days, read.warranty_months, read.spec),
            ("9,500.00", None, None, None)
        );
        let read = quoted("2=A=B:1:5::36:a spec: with a colon").unwrap();
        assert_eq!((read.answers, read.part.as_str(), read.lead_days), (Some(2), "A=B", None));
        assert_eq!((read.warranty_months, read.spec.unwrap().as_str()), (Some(36), "a spec: with a colon"));
        for bad in ["", "A", "A:1", "A:0:5", "A:x:5", ":1:5", "A:1:", "A:1:5:x", "A:1:5:1:x", "99999=A:1:5"] {
            assert!(quoted(bad).is_err(), "{bad}");
        }
    }
}
