//! What NetBox answers, read as every kind of object we ask for.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_adapters::netbox::read_any;
use rackhand_fuzz::plant;

fuzz_target!(
    init: plant(SEEDS.map(|s| s.as_bytes().to_vec())),
    |data: &[u8]| {
        let _ = read_any(data);
    }
);

/// Written for this: a page, single objects, a form, a refusal.
const SEEDS: [&str; 7] = [
    r##"{"count":1,"next":null,"previous":null,"results":[{"id":7,"name":"srv1","serial":"CZ23000017","device_type":{"id":1,"model":"DL380"},"site":{"id":1,"slug":"fra1"},"rack":{"id":3,"name":"A01"},"position":12.0,"status":{"value":"offline","label":"Offline"},"custom_fields":{"lifecycle_state":"powered_on"},"tenant":{"id":2,"slug":"baremetal-staging"},"oob_ip":{"id":4,"address":"10.0.4.23/22"}}]}"##,
    r##"{"count":1,"results":[{"id":9,"mac_address":"94:40:C9:01:02:03","assigned_object_type":"dcim.interface","assigned_object_id":5,"assigned_object":{"id":5,"name":"iLO","device":{"id":7,"name":"srv1"}}}]}"##,
    r##"{"id":4,"address":"fd00:1::23/64","vrf":null,"status":{"value":"active"},"assigned_object_type":"dcim.interface","assigned_object":{"id":5,"name":"iLO","device":{"id":7,"name":"srv1"}}}"##,
    r##"{"count":2,"results":[{"id":1,"prefix":"10.0.4.0/22","vrf":null},{"id":2,"prefix":"fd00:1::/64","vrf":{"id":3}}]}"##,
    r##"{"actions":{"POST":{"status":{"choices":[{"value":"offline","display":"Offline"},{"value":"discovered"}]}}}}"##,
    r##"{"netbox-version":"4.6.8","django-version":"5.2","plugins":{}}"##,
    r##"{"detail":"Invalid v2 token"}"##,
];
