//! What carriers say of the parcels of one shipment, taken together: how it stands, when it is to arrive, what of it is
//! news, when a site is to be told, and when it is late.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::purchase::paper::{Tracked, Transit};
use crate::text::Text;
use crate::time::Timestamp;

/// An arrival that moves by no more than this is no news.
pub const STIR: Duration = Duration::from_hours(12);
/// So long before the arrival the site is told.
pub const NOTICE: Duration = Duration::from_hours(24);
/// So long after the day it was due a shipment is late.
pub const GRACE: Duration = Duration::from_hours(24);

/// A shipment's parcels: the carrier's number of each, and its last word on it.
pub type Parcels = BTreeMap<Text, Tracked>;

/// What is worth telling of a shipment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It is to arrive at another time than was told last.
    Eta {
        /// What was told last; `None` where nothing was.
        from: Option<Timestamp>,
        /// What holds now.
        to: Timestamp,
    },
    /// Something went wrong with a parcel.
    Trouble {
        /// The carrier's number of it.
        number: Text,
        /// The carrier's word.
        last: Text,
    },
    /// All of it is delivered, the carrier says.
    Delivered {
        /// When the last parcel was; `None` where the carrier does not say.
        at: Option<Timestamp>,
    },
}

/// Trouble needs a person, so it stands before all; then what is least known, then what is least far.
const fn rank(status: Transit) -> u8 {
    match status {
        Transit::Trouble => 0,
        Transit::Unknown => 1,
        Transit::Announced => 2,
        Transit::Moving => 3,
        Transit::Delivered => 4,
    }
}

/// Several parcels as one: the least advanced counts, trouble before all, and only where all are delivered it is
/// delivered. It arrives when the last that is still out does. `None` where there is no parcel.
pub fn together<'a>(parcels: impl IntoIterator<Item = &'a Tracked>) -> Option<Tracked> {
    let parcels: Vec<&Tracked> = parcels.into_iter().collect();
    let least = *parcels.iter().min_by_key(|p| rank(p.status))?;
    let whole = least.status == Transit::Delivered;
    let counts = parcels.iter().filter(|p| whole || p.status != Transit::Delivered);
    let arrivals = parcels.iter().map(|p| p.delivered).collect::<Option<Vec<_>>>();
    Some(Tracked {
        status: least.status,
        eta: counts.filter_map(|p| p.eta).max(),
        delivered: if whole { arrivals.and_then(|all| all.into_iter().max()) } else { None },
        last: least.last.clone(),
    })
}

/// What has become news between two rounds of questions. `told` is the arrival that was told last: several small moves
/// add up to one that is told. A parcel that is only in `now` is new.
pub fn news(before: &Parcels, now: &Parcels, told: Option<Timestamp>) -> Vec<News> {
    let Some(shipment) = together(now.values()) else { return Vec::new() };
    let trouble = |parcel: Option<&Tracked>| parcel.is_some_and(|p| p.status == Transit::Trouble);
    let fresh = now.iter().filter(|(number, parcel)| trouble(Some(parcel)) && !trouble(before.get(*number)));
    let mut news: Vec<News> =
        fresh.map(|(number, parcel)| News::Trouble { number: number.clone(), last: parcel.last.clone() }).collect();
    if shipment.status == Transit::Delivered {
        if together(before.values()).is_none_or(|b| b.status != Transit::Delivered) {
            news.push(News::Delivered { at: shipment.delivered });
        }
    } else if let Some(to) = shipment.eta
        && told.is_none_or(|from| from.since(to).max(to.since(from)) > STIR)
    {
        news.push(News::Eta { from: told, to });
    }
    news
}

/// Whether the site is to be told now that a shipment comes: from [`NOTICE`] before its arrival on, once, and not any
/// more when it is late.
pub fn notice_due(shipment: &Tracked, noticed: bool, now: Timestamp) -> bool {
    let near = |eta: Timestamp| now + NOTICE >= eta && now <= eta + GRACE;
    !noticed && shipment.status != Transit::Delivered && shipment.eta.is_some_and(near)
}

/// Whether a shipment that is not delivered is more than [`GRACE`] behind what the carrier says or what the vendor has
/// promised, whichever is earlier: an arrival that is put off again and again keeps no promise.
pub fn is_late(shipment: &Tracked, promised: Option<Timestamp>, now: Timestamp) -> bool {
    let due = [shipment.eta, promised].into_iter().flatten().min();
    shipment.status != Transit::Delivered && due.is_some_and(|due| now > due + GRACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_secs(100 * DAY + hours * 3_600)
    }

    fn parcel(status: Transit, eta: Option<i64>) -> Tracked {
        let delivered = (status == Transit::Delivered).then_some(at(eta.unwrap_or(0)));
        Tracked { status, eta: eta.map(at), delivered, last: Text::from(format!("{status:?}")) }
    }

    fn parcels(all: &[(Transit, Option<i64>)]) -> Parcels {
        let name = |n: usize| Text::from(format!("P{n}"));
        all.iter().enumerate().map(|(n, (status, eta))| (name(n), parcel(*status, *eta))).collect()
    }

    use Transit::{Announced, Delivered, Moving, Trouble, Unknown};

    #[test]
    fn the_least_advanced_parcel_counts_and_trouble_before_all() {
        for (all, expected) in [
            (vec![Delivered, Delivered], Delivered),
            (vec![Delivered, Moving], Moving),
            (vec![Moving, Announced, Delivered], Announced),
            (vec![Delivered, Unknown], Unknown),
            (vec![Unknown, Trouble, Announced], Trouble),
        ] {
            let all: Vec<Tracked> = all.into_iter().map(|status| parcel(status, None)).collect();
            let one = together(&all);
            assert_eq!(one.as_ref().map(|o| (o.status, o.last.to_string())), Some((expected, format!("{expected:?}"))));
        }
        assert_eq!(together(&[]), None);
    }

    #[test]
    fn a_shipment_arrives_with_its_last_parcel_that_is_out() {
        let eta = |all: &[(Transit, Option<i64>)]| together(parcels(all).values()).and_then(|s| s.eta);
        assert_eq!(eta(&[(Moving, Some(5)), (Moving, Some(9))]), Some(at(9)));
        assert_eq!(eta(&[(Moving, Some(5)), (Delivered, Some(9))]), Some(at(5)));
        assert_eq!(eta(&[(Moving, Some(5)), (Unknown, None)]), Some(at(5)));
        assert_eq!(eta(&[(Moving, None)]), None);
        let shipment = together(parcels(&[(Delivered, Some(5)), (Delivered, Some(9))]).values());
        assert_eq!(shipment.and_then(|s| s.delivered), Some(at(9)));
        let mut half = parcels(&[(Delivered, Some(5)), (Delivered, Some(9))]);
        if let Some(p) = half.get_mut(&Text::new("P1")) {
            p.delivered = None;
        }
        assert_eq!(together(half.values()).map(|s| (s.status, s.delivered)), Some((Delivered, None)));
    }

    #[test]
    fn an_arrival_is_news_when_it_is_first_known_and_when_it_moved_by_more_than_half_a_day_in_all() {
        let of = |before: i64, now: i64, told| {
            news(&parcels(&[(Moving, Some(before))]), &parcels(&[(Moving, Some(now))]), told)
        };
        let eta = |from: Option<i64>, to| vec![News::Eta { from: from.map(at), to: at(to) }];
        assert_eq!(of(48, 48, None), eta(None, 48));
        assert_eq!(of(48, 60, Some(at(48))), []);
        assert_eq!(of(48, 61, Some(at(48))), eta(Some(48), 61));
        assert_eq!(of(48, 35, Some(at(48))), eta(Some(48), 35));
        assert_eq!(of(58, 66, Some(at(48))), eta(Some(48), 66), "two small moves are one that counts");
    }

    #[test]
    fn each_parcels_trouble_is_news_once_and_delivery_when_all_is() {
        let none = Parcels::new();
        let trouble = |n: u8| News::Trouble { number: format!("P{n}").into(), last: "Trouble".into() };
        let (one, two) = (parcels(&[(Trouble, None), (Moving, None)]), parcels(&[(Trouble, None), (Trouble, None)]));
        assert_eq!(news(&none, &one, None), [trouble(0)]);
        assert_eq!(news(&one, &one, None), []);
        assert_eq!(news(&one, &two, None), [trouble(1)]);
        let (part, all) =
            (parcels(&[(Delivered, Some(1)), (Moving, None)]), parcels(&[(Delivered, Some(1)), (Delivered, Some(2))]));
        assert_eq!(news(&none, &part, None), []);
        assert_eq!(news(&part, &all, None), [News::Delivered { at: Some(at(2)) }]);
        assert_eq!(news(&all, &all, None), []);
        assert_eq!(news(&none, &none, None), []);
    }

    #[test]
    fn a_site_is_told_a_day_ahead_once_and_a_shipment_is_late_a_day_behind() {
        let moving = parcel(Moving, Some(48));
        let due = |hours, noticed| notice_due(&moving, noticed, at(hours));
        assert_eq!([due(23, false), due(24, false), due(24, true), due(73, false)], [false, true, false, false]);
        assert!(!notice_due(&parcel(Delivered, Some(48)), false, at(40)));
        assert!(!notice_due(&parcel(Moving, None), false, at(40)));
        let late = |parcel: &Tracked, promised: Option<i64>, hours| is_late(parcel, promised.map(at), at(hours));
        assert_eq!([late(&moving, None, 72), late(&moving, None, 73)], [false, true]);
        assert_eq!([late(&moving, Some(24), 48), late(&moving, Some(24), 49)], [false, true]);
        assert_eq!([late(&parcel(Moving, None), Some(24), 49), late(&parcel(Unknown, None), None, 999)], [true, false]);
        assert!(!late(&parcel(Delivered, Some(48)), Some(1), 999));
    }
}
