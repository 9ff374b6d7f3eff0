//! The console against a daemon without hardware: `cargo run -p rackhand-tui --example fake_console [SERVERS]`.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, missing_docs)]

#[path = "../tests/console/fake.rs"]
mod fake;
#[path = "../tests/console/trade.rs"]
mod trade;
#[path = "../tests/unasked.rs"]
mod unasked;

use rackhand_tui::app::{Options, run};
use rackhand_tui::settings::Settings;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let fake = fake::Fake::new();
    let count = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(36);
    fake.seed(count);
    fake.trade();
    let settings = Settings { theme: std::env::var("THEME").ok(), ..Settings::default() };
    let options = Options { settings, ..Options::default() };
    run(
        move || {
            let fake = fake.clone();
            async move { fake.connect().await }
        },
        options,
    )
    .await
    .unwrap();
}
