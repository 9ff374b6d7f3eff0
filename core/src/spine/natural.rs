//! The order in which a person counts names: `A2` before `A10`.

use std::cmp::Ordering;

/// Compares names with their numbers taken as numbers.
pub fn by_number(a: &str, b: &str) -> Ordering {
    let (mut a_rest, mut b_rest) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (a_rest.first(), b_rest.first()) {
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, right) = (number(&mut a_rest), number(&mut b_rest));
            match left.len().cmp(&right.len()).then_with(|| left.cmp(right)) {
                Ordering::Equal => {}
                unequal => return unequal,
            }
        } else {
            match x.cmp(y) {
                Ordering::Equal => (a_rest, b_rest) = (&a_rest[1..], &b_rest[1..]),
                unequal => return unequal,
            }
        }
    }
    a_rest.len().cmp(&b_rest.len()).then_with(|| a.cmp(b))
}

/// Takes the digits off the front, without leading zeros.
fn number<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|c| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    &digits[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_zeros_only_still_have_one_order() {
        assert_eq!(by_number("A02", "A2"), by_number("A2", "A02").reverse());
        assert_ne!(by_number("A02", "A2"), Ordering::Equal);
        assert_eq!(by_number("", "A"), Ordering::Less);
        assert_eq!(by_number("A7", "A7"), Ordering::Equal);
    }
}
