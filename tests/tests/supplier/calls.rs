//! Every call of a seller, once: what is held against all of them goes through this list.

use super::*;

macro_rules! calls {
    (|$seller:ident, $order:ident| $($name:ident => $run:expr;)*) => {
        /// A call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types)] // Named as the method.
        pub enum Call { $($name),* }

        impl Call {
            pub const ALL: &[Self] = &[$(Self::$name),*];

            pub fn word(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            pub async fn make(self, $seller: &Seller, $order: &PurchaseOrder) -> Result<(), Fault> {
                match self { $(Self::$name => $run.await.map(drop)),* }
            }
        }
    };
}

calls! { |seller, order|
    find_request => seller.find_request(&text("RFQ-7"));
    send_request => seller.send_request(&request("RFQ-8"));
    find_chase => seller.find_chase(&text("RFQ-7"), &text("RFQ-7-C1"));
    chase => seller.chase(&chase("RFQ-7-C1"));
    withdraw => seller.withdraw(&text("RFQ-7"));
    find_order => seller.find_order(order);
    send_order => seller.send_order(&PurchaseOrder { number: text("PO-000013"), ..order.clone() });
    cancel_order => seller.cancel_order(order, &text("not needed"));
    papers => seller.papers(&[Open::Request(text("RFQ-7")), Open::Order(order.number.clone())]);
}

impl Call {
    /// Whether it may have changed something when its answer is missing.
    pub fn writes(self) -> bool {
        !matches!(self, Self::find_request | Self::find_chase | Self::find_order | Self::papers)
    }
}

/// The list has what the port has.
#[test]
fn every_public_call_of_a_seller_is_in_the_list() {
    let source = include_str!("../../../adapters/src/supplier/mod.rs");
    let names = source.lines().filter_map(|l| l.trim().strip_prefix("pub async fn "));
    let found: Vec<&str> = names.map(|n| n.split('(').next().unwrap()).collect();
    // What touches our own disk alone has its test with the inbox.
    let found: Vec<&str> = found.into_iter().filter(|name| *name != "put_away").collect();
    let listed: Vec<&str> = Call::ALL.iter().map(|c| c.word()).collect();
    assert_eq!(found, listed);
}
