//! The configuration's text. No file that it names is looked at.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rackhand_daemon::config::{EXAMPLE, check_text};
use rackhand_fuzz::plant;

fuzz_target!(
    init: plant([EXAMPLE.as_bytes().to_vec(), EXAMPLE.replace("\n# ", "\n").into_bytes()]),
    |data: &[u8]| {
        let text = String::from_utf8_lossy(data);
        if let Err(error) = check_text(&text) {
            let said = error.to_string();
            assert!(said.starts_with("rackhandd.toml:"), "no place: {said}");
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
);
