//! Row 11: what a console waits for a page of units, with a hundred consoles attached.

use std::path::Path;
use std::time::Duration;

use rackhand_core::view::{Query, Sort};
use rackhand_rpc::ConsoleClient;
use rackhand_rpc::codec::transport;
use rackhand_rpc::hello::greet;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep_until};

use crate::board::{Goal, Line, ms, rate};
use crate::fleet::grow;
use crate::gauge::{Measured, Place, median, millis, quantile};
use crate::hold::{Held, socket};

const UNITS: u64 = 5_000;
const CONSOLES: u32 = 100;
/// Pages each console turns, one each [`PACE`].
const PAGES: u32 = 6;
const PACE: Duration = Duration::from_secs(1);
/// Rows of a page: a tall terminal.
const ROWS: usize = 60;

pub fn run(place: &Place) -> Measured<Vec<Line>> {
    let dir = place.at("rpc");
    grow(&dir, UNITS, 0)?;
    let held = Held::start(&dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(measure(&socket(&dir)));
    drop(held);
    done
}

async fn measure(socket: &Path) -> Measured<Vec<Line>> {
    let alone = console(socket).await?;
    let mut single = Vec::new();
    for n in 0..50 {
        single.push(page(&alone, n).await?);
    }
    let mut clients = Vec::new();
    for _ in 0..CONSOLES {
        let client = console(socket).await?;
        // Each attached console waits for news all the time.
        let watching = client.clone();
        let since = page_head(&client).await?;
        tokio::spawn(async move { watching.watch(context(30).ok()?, since, 25_000).await.ok() });
        clients.push(client);
    }
    let start = Instant::now() + Duration::from_millis(100);
    let tasks: Vec<_> = (0..)
        .zip(clients)
        .map(|(n, client)| {
            tokio::spawn(async move {
                let mut times = Vec::new();
                for turn in 0..PAGES {
                    sleep_until(start + PACE * turn + PACE / CONSOLES * n).await;
                    times.push(page(&client, (n * PAGES + turn) as usize).await?);
                }
                Measured::Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let (p95, one) = (quantile(&times, 0.95), quantile(&single, 0.95));
    Ok(vec![
        Line::told("units(), 60 of 5,000, 100 consoles, p95", ms(p95))
            .beside(format!("one console alone {}", ms(one)))
            .ratio(p95 / one, Goal::Most(3.0)),
        Line::told("the same, p50", ms(median(&times))),
        Line::told("the same, offered", rate(f64::from(CONSOLES) / PACE.as_secs_f64())),
        Line::told("one console alone, p50", ms(median(&single))),
    ])
}

#[allow(clippy::default_trait_access, reason = "the type is tarpc's, which this package does not know by name")]
async fn console(socket: &Path) -> Measured<ConsoleClient> {
    let mut stream = UnixStream::connect(socket).await?;
    greet(&mut stream).await?;
    let config = Default::default();
    Ok(ConsoleClient::new(config, transport(stream)).spawn())
}

/// tarpc's context with so many seconds to go. This package does not know tarpc by name, so it is read from JSON.
fn context<C: DeserializeOwned>(secs: u64) -> Measured<C> {
    let trace = json!({ "trace_id": ([0_u8; 16]), "span_id": 0, "sampling_decision": "Unsampled" });
    Ok(serde_json::from_value(json!({ "deadline": { "secs": secs, "nanos": 0 }, "trace_context": trace }))?)
}

async fn page_head(client: &ConsoleClient) -> Measured<u64> {
    Ok(client.ask(context(10)?, Query { limit: 1, ..Query::default() }).await?.as_of)
}

/// Turns to some page; milliseconds.
async fn page(client: &ConsoleClient, n: usize) -> Measured<f64> {
    let sort = [Sort::Attention, Sort::Label, Sort::Stage, Sort::Age, Sort::Place][n % 5];
    let filter = if n % 3 == 2 { "stage:staged cz".to_owned() } else { String::new() };
    let query = Query { sort, filter, offset: n * ROWS % (UNITS as usize - ROWS), limit: ROWS, ..Query::default() };
    let start = Instant::now();
    let page = client.ask(context(10)?, query).await?.answer;
    let took = millis(start.elapsed());
    if page.rows.len() == ROWS { Ok(took) } else { Err(format!("{} rows in place of {ROWS}", page.rows.len()).into()) }
}
