//! The methods a fake daemon is never asked, by name, so that each fake tells only what it is about.

#![allow(unused_macros, unused_imports)]

macro_rules! unasked {
    ($($name:ident),* $(,)?) => { $($crate::unasked::unasked!(@ $name);)* };
    (@ work) => {
        $crate::unasked::unasked!(= work(rackhand_core::view::work::WorkQuery)
            -> rackhand_core::view::Page<rackhand_core::view::work::WorkRow>);
    };
    (@ import) => {
        $crate::unasked::unasked!(= import(rackhand_rpc::Import)
            -> Result<Vec<Result<rackhand_core::entry::commands::Entry, Refusal>>, Refusal>);
    };
    (@ imported) => {
        $crate::unasked::unasked!(= imported(Vec<rackhand_core::text::Text>)
            -> Vec<Option<rackhand_core::entry::registration::Standing>>);
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
    (@ netbox_diff) => {
        $crate::unasked::unasked!(= netbox_diff(usize, usize) -> Result<rackhand_core::inventory::questions::NetboxDiff, Refusal>);
    };
    (@ sightings) => { $crate::unasked::unasked!(= sightings(usize, usize) -> rackhand_core::inventory::questions::Sightings); };
    (@ bmc_reading) => {
        $crate::unasked::unasked!(= bmc_reading(UnitId, Option<rackhand_core::bmc::reading::Section>)
            -> Result<rackhand_core::bmc::reading::BmcReading, Refusal>);
    };
    (@ racks) => {
        $crate::unasked::unasked!(= racks(Option<rackhand_core::id::SiteId>, String, usize, usize)
            -> rackhand_core::view::Page<rackhand_core::placement::questions::RackRow>);
    };
    (@ rack) => {
        $crate::unasked::unasked!(= rack(rackhand_core::id::SiteId, rackhand_core::text::Text)
            -> Option<rackhand_core::placement::questions::RackView>);
    };
    (@ rack_of) => {
        $crate::unasked::unasked!(= rack_of(UnitId)
            -> Option<(rackhand_core::id::SiteId, rackhand_core::text::Text)>);
    };
    (@ receiving) => {
        $crate::unasked::unasked!(= receiving(rackhand_core::id::SiteId)
            -> rackhand_core::receiving::questions::Receiving);
    };
    (@ orders) => {
        $crate::unasked::unasked!(= orders(rackhand_core::order::questions::OrderQuery)
            -> rackhand_core::view::Page<rackhand_core::order::questions::OrderRow>);
    };
    (@ order) => {
        $crate::unasked::unasked!(= order(rackhand_core::id::OrderId)
            -> Result<rackhand_core::order::questions::OrderDetail, Refusal>);
    };
    (@ stock) => {
        $crate::unasked::unasked!(= stock(rackhand_core::text::Text, Option<rackhand_core::id::SiteId>)
            -> rackhand_core::stock::questions::Stock);
    };
    (@ paper) => {
        $crate::unasked::unasked!(= paper(rackhand_rpc::PaperUpload) -> Result<rackhand_rpc::PaperTaken, Refusal>);
    };
    (@ purchase_document) => {
        $crate::unasked::unasked!(= purchase_document(rackhand_core::id::OrderId)
            -> Result<rackhand_rpc::PurchasePaper, Refusal>);
    };
    (@ placement) => {
        $crate::unasked::unasked!(= placement(rackhand_core::placement::propose::Request)
            -> Result<rackhand_core::placement::propose::Proposals, Refusal>);
    };
    (@ work_order) => {
        $crate::unasked::unasked!(= work_order(Vec<UnitId>) -> Result<rackhand_core::document::Document, Refusal>);
    };
    (@ work_order_pdf) => {
        $crate::unasked::unasked!(= work_order_pdf(Vec<UnitId>) -> Result<Vec<u8>, Refusal>);
    };
    (@ plan_take_over) => {
        $crate::unasked::unasked!(= plan_take_over(rackhand_rpc::takeover::Filter)
            -> Result<rackhand_rpc::takeover::TakeOverPlan, Refusal>);
    };
    (@ confirm_take_over) => {
        $crate::unasked::unasked!(= confirm_take_over(rackhand_rpc::takeover::Confirm)
            -> Result<Vec<(rackhand_core::text::Text, rackhand_core::takeover::Taken)>, Refusal>);
    };
    (@ planned_servers) => {
        $crate::unasked::unasked!(= planned_servers(rackhand_core::id::PlanId)
            -> Result<Vec<rackhand_core::text::Text>, Refusal>);
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
