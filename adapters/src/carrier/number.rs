//! The carriers' numbers, by the form that each gives them.

use rackhand_core::purchase::paper::Carrier;

/// A number in the form its carrier uses: letters large, blanks dropped. `None` where it is of no such form. What comes
/// out has ASCII letters and digits only, so it needs no escape in a URL.
///
/// UPS: `1Z` and 16 letters or digits. FedEx: 12, 15, 20 or 22 digits. DHL: 10 digits, or a licence plate (ISO/IEC
/// 15459) that begins with `JD` or `JJD`, at most 35 characters.
pub fn number(carrier: Carrier, raw: &str) -> Option<String> {
    let number: String = raw.chars().filter(|c| *c != ' ').take(64).collect::<String>().to_ascii_uppercase();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let word = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let fits = match carrier {
        Carrier::Ups => number.len() == 18 && number.starts_with("1Z") && word(&number),
        Carrier::Fedex => matches!(number.len(), 12 | 15 | 20 | 22) && digits(&number),
        Carrier::Dhl => {
            let plate = number.strip_prefix("JJD").or_else(|| number.strip_prefix("JD"));
            (number.len() == 10 && digits(&number))
                || plate.is_some_and(|rest| rest.len() >= 10 && number.len() <= 35 && word(rest))
        }
    };
    fits.then_some(number)
}

/// What a carrier's numbers look like, for a person.
pub(super) const fn form(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Ups => "1Z and 16 letters or digits",
        Carrier::Fedex => "12, 15, 20 or 22 digits",
        Carrier::Dhl => "10 digits, or JD or JJD and more",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Carrier::{Dhl, Fedex, Ups};

    #[test]
    fn a_number_has_its_carriers_form_or_is_none() {
        for (carrier, raw, expected) in [
            (Ups, "1Z999AA10123456784", Some("1Z999AA10123456784")),
            (Ups, "1z 999 aa1 01 2345 6784", Some("1Z999AA10123456784")),
            (Ups, "1Z999AA1012345678", None),
            (Ups, "1Z999AA1012345678/", None),
            (Ups, "1Z999AA10123456É8", None),
            (Ups, "2Z999AA10123456784", None),
            (Ups, "1Z../../../admin?x", None),
            (Fedex, "794608123456", Some("794608123456")),
            (Fedex, "794608123456789", Some("794608123456789")),
            (Fedex, "61299998820821171811", Some("61299998820821171811")),
            (Fedex, "9261290100130739271644", Some("9261290100130739271644")),
            (Fedex, "7946081234567", None),
            (Fedex, "79460812345A", None),
            (Fedex, "", None),
            (Dhl, "1234567890", Some("1234567890")),
            (Dhl, "JD014600006228974701", Some("JD014600006228974701")),
            (Dhl, "JJD000390007873482917", Some("JJD000390007873482917")),
            (Dhl, "123456789", None),
            (Dhl, "JD01460000622&x=1", None),
            (Dhl, "JD0146", None),
        ] {
            assert_eq!(number(carrier, raw).as_deref(), expected, "{carrier} {raw}");
        }
        assert_eq!(number(Dhl, &format!("JD{}", "1".repeat(34))), None);
    }
}
