//! The kinds of events that are about buying.

/// Their words.
pub const TRADE: &[&str] = &[
    "unit_ordered",
    "spec_told",
    "serial_bound",
    "order_placed",
    "stock_reserved",
    "stock_released",
    "stock_assigned",
    "approval_given",
    "purchase_decided",
    "purchase_failed",
    "order_ended",
    "deal_opened",
    "quote_received",
    "quote_overdue",
    "purchase_made",
    "purchase_confirmed",
    "confirmation_accepted",
    "purchase_voided",
    "shipment_noticed",
    "shipment_tracked",
    "paper_refused",
    "deal_ended",
];
