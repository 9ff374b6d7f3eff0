//! Lost answers, refusals and hostile answers.

use super::*;

on_each_release! {
    a_lost_answer_to_a_write_is_unknown_and_a_second_call_doubles_nothing,
    a_write_that_never_arrived_is_made_by_the_second_call,
    a_hanging_or_cut_answer_to_a_read_is_transient,
    each_kind_of_token_is_sent_as_it_has_to_be_and_refusals_say_what_to_do,
    a_read_on_a_kept_connection_that_the_other_side_closed_goes_out_again_on_a_new_one,
}

async fn a_lost_answer_to_a_write_is_unknown_and_a_second_call_doubles_nothing(release: Release) {
    let b = bench(release).with_fields();
    let (eth0, eth1) = (b.nic("eth0"), b.nic("eth1"));
    let lost = |method: Method, path: &str| b.once(method, path, Effect::Answer(Fate::Lost));

    lost(Method::POST, "ipam/ip-addresses");
    let assign = || b.netbox.assign_bmc_address(b.device, b.bmc, ip("10.20.0.5"));
    assert_eq!(kind(assign().await), Kind::Unknown);
    assert_eq!(b.lab.addresses_on(b.bmc), ["10.20.0.5/24"], "it has happened");
    lost(Method::PATCH, "dcim/devices");
    assert_eq!(kind(assign().await), Kind::Unknown);
    assert_eq!(b.netbox.bmc_address(b.device, b.bmc).await, Ok(Some(ip("10.20.0.5"))));
    assign().await.unwrap();
    assert_eq!(b.lab.address_count(), 1);

    lost(Method::POST, "dcim/mac-addresses");
    assert_eq!(kind(b.netbox.write_macs(b.device, &[(eth0, NIC)]).await), Kind::Unknown);
    assert_eq!((b.lab.mac_count(NIC), b.lab.primary_mac(eth0)), (1, None));
    lost(Method::PATCH, "dcim/interfaces");
    assert_eq!(kind(b.netbox.write_macs(b.device, &[(eth0, NIC)]).await), Kind::Unknown);
    b.netbox.write_macs(b.device, &[(eth0, NIC)]).await.unwrap();
    assert_eq!((b.lab.mac_count(NIC), b.lab.primary_mac(eth0)), (1, Some(NIC)));

    lost(Method::POST, "dcim/cables");
    let cables = [(eth0, port("Eth1")), (eth1, port("Eth2"))];
    assert_eq!(kind(b.netbox.connect_cables(b.device, &cables).await), Kind::Unknown);
    let seen = b.netbox.cables(b.device).await.unwrap();
    assert!(seen.iter().all(|i| i.cable.is_some_and(|c| c.connected)));
    b.netbox.connect_cables(b.device, &cables).await.unwrap();
    assert_eq!(b.lab.cable_count(), 2);

    lost(Method::POST, "extras/journal-entries");
    assert_eq!(kind(b.netbox.add_notes(b.device, &[note(7, "once")]).await), Kind::Unknown);
    assert_eq!(b.netbox.notes_present(b.device, &[note(7, "").key]).await.unwrap().len(), 1);
    b.netbox.add_notes(b.device, &[note(7, "once")]).await.unwrap();
    assert_eq!(b.lab.notes_of(b.device).len(), 1);

    lost(Method::PATCH, "dcim/devices");
    assert_eq!(kind(b.netbox.write_status(b.device, &staged()).await), Kind::Unknown);
    assert_eq!(b.netbox.status(b.device).await.unwrap().status.as_str(), "staged");
    b.netbox.write_status(b.device, &staged()).await.unwrap();
}

async fn a_write_that_never_arrived_is_made_by_the_second_call(release: Release) {
    let b = bench(release);
    b.once(Method::POST, "extras/journal-entries", Effect::Drop);
    assert_eq!(kind(b.netbox.add_notes(b.device, &[note(7, "once")]).await), Kind::Unknown);
    assert!(b.netbox.notes_present(b.device, &[note(7, "").key]).await.unwrap().is_empty());
    b.netbox.add_notes(b.device, &[note(7, "once")]).await.unwrap();
    assert_eq!(b.lab.notes_of(b.device).len(), 1);
}

async fn a_hanging_or_cut_answer_to_a_read_is_transient(release: Release) {
    let b = bench(release);
    for fate in [Fate::Hang, Fate::Cut, Fate::Lost] {
        b.faults.add(Rule { method: None, path: "dcim/devices".into(), effect: Effect::Answer(fate), times: u32::MAX });
        assert_eq!(kind(b.netbox.status(b.device).await), Kind::Transient, "{fate:?}");
        b.faults.clear();
        b.netbox.status(b.device).await.unwrap();
    }
    b.network.detach("netbox.lab:8000");
    let (away, _, network) = adapter(b.lab.clone(), token(release));
    network.detach("netbox.lab:8000");
    assert_eq!(kind(away.add_notes(b.device, &[note(1, "x")]).await), Kind::Transient, "nothing was sent");
}

// Logging in and refusals.

async fn each_kind_of_token_is_sent_as_it_has_to_be_and_refusals_say_what_to_do(release: Release) {
    let b = bench(release);
    b.lab.add_token("nbt_read.only", false);
    b.lab.add_token("read-only", false);
    let with = |token| adapter(b.lab.clone(), token).0;
    let (v1, v2) = (|text: &str| Token::V1(Secret::new(text)), |text: &str| Token::V2(Secret::new(text)));
    with(v1(V1)).status(b.device).await.unwrap();
    let second = with(v2(TOKEN)).status(b.device).await;
    let refusals = if release == Release::V4_2 {
        // It is looked at by nobody, as if there were none.
        let fault = second.unwrap_err();
        assert!(fault.what.contains("not provided") && fault.advice.contains("4.5"), "{fault}");
        vec![(v1("bad"), "Invalid token")]
    } else {
        second.unwrap();
        vec![(v1("bad"), "Invalid v1 token"), (v2("nbt_b.c"), "Invalid v2 token")]
    };
    for (token, text) in refusals {
        let fault = with(token).status(b.device).await.unwrap_err();
        assert!(fault.kind == Kind::Unauthorised && fault.what.contains(text), "{fault}");
        assert!(fault.advice.contains("valid token"), "{fault}");
    }
    let read_only = with(if release == Release::V4_2 { v1("read-only") } else { v2("nbt_read.only") });
    read_only.status(b.device).await.unwrap();
    let fault = read_only.add_notes(b.device, &[note(1, "x")]).await.unwrap_err();
    assert!(fault.kind == Kind::Forbidden && fault.advice.contains("`add` on extras.journalentry"), "{fault}");
    assert!(fault.advice.contains("write access"), "{fault}");
    let broken = with(v2("two\nlines")).status(b.device).await.unwrap_err();
    assert_eq!(broken.kind, Kind::Unauthorised);
    assert!(!format!("{broken:?}").contains("lines\""), "{broken:?}");
}

/// Answers whatever it was given, in turn, then the last again.
struct Canned(Mutex<VecDeque<Reply>>);

fn canned(replies: impl IntoIterator<Item = Reply>) -> Adapter {
    adapter(Arc::new(Canned(Mutex::new(replies.into_iter().collect()))), Token::V2(Secret::new(TOKEN))).0
}

impl Host for Canned {
    fn answer(&self, _: &Request, _: Timestamp) -> Reply {
        let mut left = self.0.lock().unwrap();
        if left.len() > 1 { left.pop_front().unwrap() } else { left[0].clone() }
    }
}

fn page(status: StatusCode) -> Reply {
    let mut reply = Reply::status(status);
    reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    reply.body = "<h1>Server Error \u{1b}]0;owned\u{7}</h1>".into();
    reply
}

fn ok(body: &Value) -> Reply {
    Reply::json(StatusCode::OK, body)
}

fn list(results: &Value) -> Reply {
    let count = results.as_array().map_or(0, Vec::len);
    ok(&json!({ "count": count, "next": null, "previous": null, "results": results }))
}

#[tokio::test(start_paused = true)]
async fn refusals_mean_what_they_mean_for_reads_and_for_writes() {
    let (empty, ours) = (list(&json!([])), ok(&json!({ "id": 1, "site": { "slug": "fra1" } })));
    for (status, read, write) in [
        (400, Kind::Rejected, Kind::Rejected),
        (401, Kind::Unauthorised, Kind::Unauthorised),
        (403, Kind::Unauthorised, Kind::Unauthorised),
        (404, Kind::Gone, Kind::Gone),
        (409, Kind::Conflict, Kind::Conflict),
        (412, Kind::Conflict, Kind::Conflict),
        (429, Kind::Transient, Kind::Transient),
        (500, Kind::Transient, Kind::Unknown),
        (502, Kind::Transient, Kind::Unknown),
        (503, Kind::Transient, Kind::Transient),
        (504, Kind::Transient, Kind::Unknown),
        (301, Kind::Rejected, Kind::Rejected),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let reply = Reply::json(status, &json!({ "detail": "no" }));
        assert_eq!(kind(canned([reply.clone()]).status(1).await), read, "{status}");
        let writes = canned([empty.clone(), ours.clone(), reply]).add_notes(1, &[note(1, "x")]).await;
        assert_eq!(kind(writes), write, "{status}");
    }
    assert_eq!(kind(canned([page(StatusCode::INTERNAL_SERVER_ERROR)]).status(1).await), Kind::Transient);
    let fault = canned([page(StatusCode::NOT_FOUND)]).status(1).await.unwrap_err();
    assert_eq!(fault.kind, Kind::Rejected, "a page is about the URL: nothing is gone");
    assert!(!fault.what.contains("h1"), "{fault}");
    assert_eq!(kind(canned([page(StatusCode::OK)]).status(1).await), Kind::Malformed);
}

#[tokio::test(start_paused = true)]
async fn hostile_answers_are_malformed_and_nothing_worse() {
    let device = |id: u64| {
        json!({ "id": id, "site": { "slug": "fra1" },
        "status": { "value": "active", "label": "Active" }, "custom_fields": {}, "tenant": null })
    };
    canned([ok(&device(1))]).status(1).await.unwrap();
    let mut deep = Reply::json(StatusCode::OK, &Value::Null);
    deep.body = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).into();
    let mut huge = Reply::json(StatusCode::OK, &Value::Null);
    huge.body = vec![b' '; 9 << 20].into();
    let mut none = Reply::json(StatusCode::OK, &Value::Null);
    none.body = Vec::new().into();
    let mut wrong = device(1);
    wrong["status"] = json!(7);
    let mut missing = device(1);
    missing.as_object_mut().unwrap().remove("tenant");
    for reply in [deep, huge, none, ok(&wrong), ok(&missing), ok(&device(2)), ok(&json!([])), ok(&json!("x"))] {
        assert_eq!(kind(canned([reply]).status(1).await), Kind::Malformed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_was_ignored_and_a_list_without_end_are_malformed() {
    let mac = |id: u64, mac: Mac| json!({ "id": id, "mac_address": mac, "assigned_object_type": null, "assigned_object": null });
    let other = list(&json!([mac(1, NIC)]));
    assert_eq!(kind(canned([other]).device_by_bmc_mac(BMC).await), Kind::Malformed);
    let everything = ok(&json!({ "count": 5_007, "results": [mac(1, BMC)] }));
    assert_eq!(kind(canned([everything]).device_by_bmc_mac(BMC).await), Kind::Malformed);
    let again = ok(&json!({ "count": 90, "results": [mac(1, BMC)] }));
    assert_eq!(kind(canned([again]).device_by_bmc_mac(BMC).await), Kind::Malformed, "the same page for ever");
    let none = ok(&json!({ "count": 90, "results": [] }));
    assert_eq!(kind(canned([none]).device_by_bmc_mac(BMC).await), Kind::Transient, "rows went away meanwhile");
    let entry = json!({ "id": 1, "assigned_object_type": "dcim.device", "assigned_object_id": 2, "comments": "x" });
    let elsewhere = list(&json!([entry]));
    assert_eq!(kind(canned([elsewhere]).notes_present(1, &[note(1, "").key]).await), Kind::Malformed);
}

async fn a_read_on_a_kept_connection_that_the_other_side_closed_goes_out_again_on_a_new_one(release: Release) {
    let b = bench(release);
    b.netbox.status(b.device).await.unwrap();
    b.once(Method::GET, "dcim/devices", Effect::Drop);
    b.netbox.status(b.device).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_select_field_with_its_label_as_4_7_sends_it_reads_the_same() {
    let mut device = json!({ "id": 1, "site": { "slug": "fra1" }, "tenant": null,
        "status": { "value": "ready", "label": "" },
        "custom_fields": { "lifecycle_state": { "value": "ready", "label": "Ready" } } });
    for form in [json!({ "value": "ready", "label": "Ready" }), json!("ready")] {
        device["custom_fields"]["lifecycle_state"] = form;
        let found = canned([ok(&device)]).status(1).await.unwrap();
        assert_eq!(found.lifecycle_state.as_deref(), Some("ready"));
    }
}
