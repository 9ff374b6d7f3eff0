//! The agent has its own copy of the words on the wire; both sides read one file.

use rackhand_core::boot::report::ValidationReport;

#[test]
fn the_daemon_reads_a_report_as_the_agent_writes_it() {
    let written = include_str!("../../../pxe/agent/tests/report.json");
    let report: ValidationReport = serde_json::from_str(written).unwrap();
    assert_eq!(report.oversized(), None);
    assert_eq!(report.nics[0].neighbour.as_ref().unwrap().port.as_str(), "Ethernet1/1/7");
    assert!(report.drives[0].holds_data && report.nics[1].neighbour.is_none());
}
