//! What a controller answers, read as every kind of resource a driver reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_adapters::redfish::parse;
use rackhand_core::bmc::Vendor;
use rackhand_fuzz::plant;

fuzz_target!(
    init: plant(SEEDS.map(|s| s.as_bytes().to_vec())),
    |data: &[u8]| {
        for vendor in [Vendor::Hpe, Vendor::Dell, Vendor::Other] {
            let _ = parse::bytes(vendor, data);
        }
    }
);

/// Written for this: one of each kind, with what differs between makers.
const SEEDS: [&str; 8] = [
    r##"{"Vendor":"HPE","Product":"ProLiant DL380 Gen11","RedfishVersion":"1.20.0","Systems":{"@odata.id":"/redfish/v1/Systems"},"Links":{"Sessions":{"@odata.id":"/redfish/v1/SessionService/Sessions"}},"Oem":{"Hpe":{"Manager":[{"ManagerType":"iLO 6","ManagerFirmwareVersion":"1.66"}]}}}"##,
    r##"{"Vendor":"Dell","RedfishVersion":"1.17.0","Systems":{"@odata.id":"/redfish/v1/Systems"},"Oem":{"Dell":{"ServiceTag":"ABC1234","ManagerMACAddress":"94:40:c9:01:02:03"}}}"##,
    r##"{"Members":[{"@odata.id":"/redfish/v1/Systems/1"},{"@odata.id":"/redfish/v1/Systems/System.Embedded.1"}],"Members@odata.count":2}"##,
    r##"{"SerialNumber":"CZ23000017","SKU":"P12345-B21","Model":"DL380","Manufacturer":"HPE","PowerState":"On","Boot":{"BootSourceOverrideTarget":"Pxe","BootSourceOverrideEnabled":"Once","BootSourceOverrideTarget@Redfish.AllowableValues":["None","Pxe","UefiHttp"]},"EthernetInterfaces":{"@odata.id":"/redfish/v1/Systems/1/EthernetInterfaces"},"Actions":{"#ComputerSystem.Reset":{"target":"/redfish/v1/Systems/1/Actions/ComputerSystem.Reset","ResetType@Redfish.AllowableValues":["On","ForceRestart","PushPowerButton"]}},"@Redfish.Settings":{"SettingsObject":{"@odata.id":"/redfish/v1/Systems/1/Settings"}}}"##,
    r##"{"PowerState":null,"Boot":{"BootSourceOverrideTarget":null},"Model":5}"##,
    r##"{"error":{"code":"iLO.2.19.ExtendedInfo","message":"See","@Message.ExtendedInfo":[{"MessageId":"iLO.2.19.UnauthorizedLoginAttempt"}]}}"##,
    r##"{"error":{"@Message.ExtendedInfo":{"MessageID":"IDRAC.2.8.RAC0218","Message":"The maximum number of user sessions is reached."},"code":"Base.1.12.GeneralError"}}"##,
    r##"{"MACAddress":"94:40:C9:00:00:02","PermanentMACAddress":"94:40:c9:00:00:02","LinkStatus":"LinkUp","Id":"NIC.1"}"##,
];
