//! Lines of events about buying.

/// A line of each kind.
pub const LINES: &[&str] = &[
    r#"{"unit_ordered":{"order":7,"line":1,"site":"fra1","tenant":"acme","model":"dl360-gen11"}}"#,
    r#"{"spec_told":{"spec":{"processors":{"count":2,"model":"Xeon Gold 6530","cores":null},"memory":{"bytes":549755813888,"modules":null,"kind":"DDR5"},"drives":[{"count":4,"bytes":3840000000000,"kind":"nvme"}],"ports":[{"count":2,"gbps":100}],"height":null}}}"#,
    r#"{"serial_bound":{"serial":"CZ231094","bmc_mac":"94:40:C9:00:00:01","vendor":"hpe","model":"DL360","source":"ship notice SHIP-1"}}"#,
    r#"{"order_placed":{"placed":{"tenant":"acme","site":"fra1","routed":null,"needed_by":1795000000000000,"note":"T-17","lines":[{"words":"512GB DDR5, flux","spec":{"processors":null,"memory":{"bytes":549755813888,"modules":16,"kind":"DDR5"},"drives":[],"ports":[],"height":2},"unclear":[{"part":"flux","why":"not a part"}],"quantity":4,"model":null}]}}}"#,
    r#"{"stock_reserved":{"line":1,"unit":"01M7Q5CQG00W3GE1R70W3GE1R7","until":1795000000000000,"instead_of":null}}"#,
    r#"{"stock_released":{"line":1,"unit":"01M7Q5CQG00W3GE1R70W3GE1R7","reason":"nobody assigned it"}}"#,
    r#"{"stock_assigned":{"line":1,"unit":"01M7Q5CQG00W3GE1R70W3GE1R7"}}"#,
    r#"{"approval_given":{"seller":"hpe","revision":2,"total":{"minor":22703800,"currency":"EUR"},"saw":"first of two"}}"#,
    r#"{"purchase_decided":{"number":12,"seller":"hpe","revision":2,"total":{"minor":22703800,"currency":"EUR"}}}"#,
    r#"{"purchase_failed":{"number":12,"reason":"end of life"}}"#,
    r#"{"order_ended":{"rejected":false,"reason":"the tenant left"}}"#,
    r#"{"deal_opened":{"title":"HPE","vendor":"hpe","by_hand":false,"patience":86400}}"#,
    r#"{"quote_received":{"revision":1,"quote":{"number":"Q-1","request":"RFQ-7-hpe","currency":"USD","valid_until":1795000000000000,"lines":[{"line":1,"part":"P52562-B21","description":"DL360","spec":"512GB DDR5","quantity":4,"unit_price":5500000,"lead_days":21,"warranty_months":36,"watts":null}],"freight":12000,"total":22012000,"note":null}}}"#,
    r#"{"quote_overdue":{}}"#,
    r#"{"purchase_made":{"purchase":{"number":"PO-000012","quote":"Q-1","at":1795000000000000,"to":{"site":"fra1","address":["Hanauer Landstr. 298","60314 Frankfurt"],"country":"DE"},"bill_to":["Rackhand GmbH"],"currency":"USD","lines":[{"line":1,"part":"P52562-B21","description":"DL360","quantity":4,"unit_price":5500000}],"freight":12000,"total":22012000,"approved_by":["berta","carl"]}}}"#,
    r#"{"purchase_confirmed":{"confirmation":{"number":"SO-1","purchase":"PO-000012","verdict":"changed","lines":[{"line":1,"part":"P52562-B21","quantity":3,"unit_price":null}],"currency":"USD","total":16512000,"promised":1795000000000000,"note":null},"points":["line 1: 4 ordered, 3 confirmed"]}}"#,
    r#"{"confirmation_accepted":{"reason":"three will do"}}"#,
    r#"{"purchase_voided":{"reason":"HPE does not take PO-000012: end of life"}}"#,
    r#"{"shipment_noticed":{"notice":{"number":"SHIP-1","purchase":"PO-000012","carrier":"ups","tracking":["1Z999AA10123456784"],"shipped":1795000000000000,"eta":null,"items":[{"line":1,"part":"P52562-B21","model":null,"serial":"CZ231094","bmc_mac":"94:40:C9:00:00:01"}]}}}"#,
    r#"{"shipment_tracked":{"tracking":"1Z999AA10123456784","reading":{"status":"moving","eta":1795000000000000,"delivered":null,"last":"Departed, MEMPHIS US"}}}"#,
    r#"{"paper_refused":{"what":"quote Q-9","flaws":[{"row":3,"field":"unit_price","why":"an amount below zero"}]}}"#,
    r#"{"deal_ended":{"reason":"order 7 was cancelled"}}"#,
];
