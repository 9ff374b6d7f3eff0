//! The methods a fake daemon is never asked, by name, so that each fake tells only what it is about.

#![allow(unused_macros, unused_imports)]

macro_rules! unasked {
    ($($name:ident),* $(,)?) => { $($crate::unasked::unasked!(@ $name);)* };
    (@ import) => {
        $crate::unasked::unasked!(= import(rackhand_rpc::Import)
            -> Result<Vec<Result<rackhand_core::entry::commands::Entry, Refusal>>, Refusal>);
    };
    (@ dhcp_event) => {
        $crate::unasked::unasked!(= dhcp_event(Vec<rackhand_core::discovery::lease::LeaseEvent>)
            -> Result<rackhand_core::discovery::lease::LeasesTold, Refusal>);
    };
    (@ doctor) => { $crate::unasked::unasked!(= doctor() -> rackhand_rpc::doctor::Report); };
    (@ netbox_check) => {
        $crate::unasked::unasked!(= netbox_check() -> Result<rackhand_core::inventory::questions::NetboxCheck, Refusal>);
    };
    (@ netbox_init) => {
        $crate::unasked::unasked!(= netbox_init() -> Result<rackhand_core::inventory::questions::NetboxSetup, Refusal>);
    };
    (@ bmc_reading) => {
        $crate::unasked::unasked!(= bmc_reading(UnitId, Option<rackhand_core::bmc::reading::Section>)
            -> Result<rackhand_core::bmc::reading::BmcReading, Refusal>);
    };
    (@ paper) => {
        $crate::unasked::unasked!(= paper(rackhand_rpc::PaperUpload) -> Result<rackhand_rpc::PaperTaken, Refusal>);
    };
    (@ pdf) => {
        $crate::unasked::unasked!(= pdf(rackhand_rpc::Printed) -> Result<rackhand_rpc::octets::Octets, Refusal>);
    };
    (@ placement) => {
        $crate::unasked::unasked!(= placement(rackhand_core::placement::propose::Request)
            -> Result<rackhand_core::placement::propose::Proposals, Refusal>);
    };
    (@ plan_take_over) => {
        $crate::unasked::unasked!(= plan_take_over(rackhand_rpc::takeover::Filter)
            -> Result<rackhand_rpc::takeover::TakeOverPlan, Refusal>);
    };
    (@ confirm_take_over) => {
        $crate::unasked::unasked!(= confirm_take_over(rackhand_rpc::takeover::Confirm)
            -> Result<Vec<(rackhand_core::text::Text, rackhand_core::takeover::Taken)>, Refusal>);
    };
    (@ give_password) => {
        $crate::unasked::unasked!(= give_password(UnitId, Option<rackhand_rpc::password::Given>)
            -> Result<rackhand_rpc::Receipt, Refusal>);
    };
    (= $name:ident($($argument:ty),*) -> $answer:ty) => {
        async fn $name(self, _: Context, $(_: $argument),*) -> $answer {
            unreachable!(concat!(stringify!($name), " is not asked here"))
        }
    };
}

pub(crate) use unasked;
