//! The mail channel: what arrives at the mail server, what its refusals mean, and what becomes of the inbox.

use rackhand_adapters::supplier::Source;
use rackhand_adapters::supplier::format::Columns;
use rackhand_adapters::supplier::mail::{Mail, Settings, address};
use rackhand_lab::supplier::post::{LOGIN, MailServer};

use super::*;

fn settings(trust: Trust) -> Settings {
    Settings {
        target: Target { host: "mail.lab".into(), port: 587, trust },
        login: Some((LOGIN.0.to_owned(), Secret::new(LOGIN.1))),
        from: address("rackhand@fra1.example").unwrap(),
        to: address("sales@reseller.example").unwrap(),
        inbox: None,
        columns: Columns::default(),
    }
}

fn writer(server: &MailServer, settings: Settings) -> Seller {
    let network = Network::default();
    network.attach_other("mail.lab:587", Arc::new(server.clone()));
    let id = "reseller".parse().unwrap();
    let mail = Mail::new(id, Arc::new(network), clock(), settings);
    Seller { id, title: text("a reseller"), channel: Channel::Mail(mail) }
}

fn quote() -> Quote {
    let line = rackhand_core::purchase::paper::QuoteLine {
        line: Some(1),
        part: text("P1"),
        description: text("a server"),
        spec: None,
        quantity: 8,
        unit_price: Some(2_790_010),
        lead_days: None,
        warranty_months: None,
        watts: None,
    };
    Quote {
        number: text("Q1"),
        request: Some(text("RFQ-7")),
        currency: Currency::EUR,
        valid_until: None,
        lines: vec![line],
        freight: Some(25_000),
        total: None,
        note: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_arrives_with_its_number_as_message_id_and_its_files() {
    for trust in [Trust::StartTls, Trust::Authorities] {
        let server = MailServer::new();
        let seller = writer(&server, settings(trust));
        assert!(!seller.can_be_asked());
        let receipt = seller.send_request(&request("RFQ-7-reseller")).await.unwrap();
        assert!(receipt.contains("mail.lab:587") && receipt.contains("queued as 1"), "{receipt}");
        seller.send_request(&request("RFQ-7-reseller")).await.unwrap();
        let letters = server.letters();
        let [first, second] = &letters[..] else { panic!("{letters:?}") };
        assert_eq!(first, second, "a copy is the same letter");
        assert_eq!(
            (first.from.as_str(), &first.to[..]),
            ("rackhand@fra1.example", &["sales@reseller.example".to_owned()][..])
        );
        assert_eq!(first.header("Message-ID").as_deref(), Some("<RFQ-7-reseller.rackhand@fra1.example>"));
        assert_eq!(first.header("Subject").as_deref(), Some("Request for quotation RFQ-7-reseller"));
        for part in ["RFQ-7-reseller.csv", "RFQ-7-reseller.json", "8 x 2x Xeon Gold 6530", "60327 Frankfurt am Main"] {
            assert!(first.text.contains(part), "{part}: {}", first.text);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn orders_reminders_and_withdrawals_arrive_each_under_a_name_of_its_own() {
    let server = MailServer::new();
    let seller = writer(&server, settings(Trust::StartTls));
    let order = order("PO-000012", &quote());
    seller.chase(&Chase { request: text("RFQ-7"), number: text("RFQ-7-C1"), text: text("Well?") }).await.unwrap();
    seller.withdraw(&text("RFQ-7")).await.unwrap();
    seller.send_order(&order).await.unwrap();
    seller.cancel_order(&order, &text("not needed")).await.unwrap();
    let letters = server.letters();
    let ids: Vec<_> = letters.iter().map(|l| l.header("Message-ID").unwrap()).collect();
    let wanted = ["RFQ-7-C1", "RFQ-7-withdrawn", "PO-000012", "PO-000012-cancelled"];
    assert_eq!(ids, wanted.map(|n| format!("<{n}.rackhand@fra1.example>")));
    assert_eq!(letters[0].header("In-Reply-To").as_deref(), Some("<RFQ-7.rackhand@fra1.example>"));
    assert!(letters[2].text.contains("27,900.10 EUR") && letters[2].text.contains("223,450.80 EUR"));
    assert!(letters[3].text.contains("not needed"));
    for asked in [seller.find_request(&text("RFQ-7")).await, seller.find_order(&order).await] {
        let fault = asked.unwrap_err();
        assert!(fault.kind == Kind::Rejected && fault.advice.contains("phone"), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_text_of_anybody_becomes_a_header_a_receiver_or_the_end() {
    let server = MailServer::new();
    let seller = writer(&server, settings(Trust::StartTls));
    let evil = "x\r\nBcc: victim@example.com\r\n\r\n.\r\nMAIL FROM:<a@b.c>\r\n--=_RFQ\r\n";
    let mut bad = request(evil);
    bad.lines[0].spec = text(evil);
    bad.to.address = vec![text(evil), text("."), text("..")];
    seller.send_request(&bad).await.unwrap();
    let mut order = order(evil, &quote());
    order.lines[0].description = text(evil);
    seller.send_order(&order).await.unwrap();
    seller.cancel_order(&order, &text(evil)).await.unwrap();
    seller.chase(&Chase { request: text(evil), number: text(evil), text: text(evil) }).await.unwrap();
    let letters = server.letters();
    assert_eq!(letters.len(), 4);
    for letter in &letters {
        assert_eq!(letter.to, ["sales@reseller.example"]);
        assert_eq!((letter.header("Bcc"), letter.from.as_str()), (None, "rackhand@fra1.example"), "{}", letter.text);
        let id = letter.header("Message-ID").unwrap();
        assert!(id.starts_with('<') && id.ends_with("@fra1.example>") && !id.contains([' ', ':']), "{id}");
        assert!(letter.text.is_ascii() && letter.text.lines().all(|l| l.len() < 999), "{}", letter.text);
        assert!(!letter.text.lines().any(|l| l.starts_with("Bcc") || l.starts_with("MAIL")), "{}", letter.text);
    }
    for bad in ["a@b\r\nRCPT TO:<c@d>", "a b@c", "@", "a@b>", "", "ä@example.com", "<a@b>"] {
        assert!(address(bad).is_err(), "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn until_the_text_nothing_has_happened_and_after_it_nobody_knows() {
    type Habit = fn(&mut rackhand_lab::supplier::post::Habits);
    let cases: [(&str, Kind, usize, Habit); 11] = [
        ("greylisted", Kind::Transient, 0, |h| h.answers.push(("RCPT", "451 4.7.1 later".into()))),
        ("no such box", Kind::Rejected, 0, |h| h.answers.push(("RCPT", "550 5.1.1 nobody".into()))),
        ("no sender", Kind::Rejected, 0, |h| h.answers.push(("MAIL", "553 5.7.1 not you".into()))),
        ("busy", Kind::Transient, 0, |h| h.answers.push(("DATA", "421 4.3.2 busy".into()))),
        ("refused text", Kind::Rejected, 0, |h| h.answers.push((".", "554 5.6.0 spam".into()))),
        ("later", Kind::Transient, 0, |h| h.answers.push((".", "452 4.3.1 disk full".into()))),
        ("wrong password", Kind::Unauthorised, 0, |h| h.answers.push(("AUTH", "535 5.7.8 no".into()))),
        ("nonsense", Kind::Malformed, 0, |h| h.answers.push(("MAIL", "hello?".into()))),
        ("nonsense after the text", Kind::Unknown, 0, |h| h.answers.push((".", "hello?".into()))),
        ("silence after the text", Kind::Unknown, 1, |h| h.falls_silent = true),
        ("cut in the text", Kind::Unknown, 0, |h| h.drops_text = true),
    ];
    for (what, kind, taken, habit) in cases {
        let server = MailServer::new();
        server.behave(habit);
        let seller = writer(&server, settings(Trust::StartTls));
        let fault = seller.send_request(&request("RFQ-7")).await.unwrap_err();
        assert_eq!(fault.kind, kind, "{what}: {fault}");
        assert_eq!(server.letters().len(), taken, "{what}");
        assert!(fault.what.starts_with("reseller: "), "{fault}");
        assert!(kind == Kind::Transient || kind == Kind::Malformed || !fault.advice.is_empty(), "{what}: {fault:?}");
    }
    let server = MailServer::new();
    server.behave(|h| h.no_tls = true);
    let fault = writer(&server, settings(Trust::StartTls)).send_request(&request("RFQ-7")).await.unwrap_err();
    assert!(fault.kind == Kind::Rejected && fault.what.contains("no STARTTLS"), "{fault}");
}

/// Sends pieces for ever, or nothing, once it was dialled.
struct Endless(&'static [u8]);

impl Dial for Endless {
    fn dial<'a>(
        &'a self,
        _: &'a Target,
    ) -> futures::future::BoxFuture<
        'a,
        Result<rackhand_adapters::port::dial::Connected, rackhand_adapters::port::dial::DialError>,
    > {
        use tokio::io::AsyncWriteExt;
        let (ours, mut theirs) = tokio::io::duplex(4 << 10);
        let piece = self.0;
        tokio::spawn(async move {
            if piece.is_empty() {
                return std::future::pending().await;
            }
            while theirs.write_all(piece).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Box::pin(
            async move { Ok(rackhand_adapters::port::dial::Connected { stream: Box::pin(ours), certificate: None }) },
        )
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_server_that_hangs_drips_or_never_ends_is_left_in_time() {
    for piece in [&b""[..], b"x", b"220-more\r\n", b"220 x\r\n250 y\r\n", b"\xFF\xFE\r\n", &[b'z'; 4_096]] {
        let id = "reseller".parse().unwrap();
        let mail = Mail::new(id, Arc::new(Endless(piece)), clock(), settings(Trust::Authorities));
        let seller = Seller { id, title: text("r"), channel: Channel::Mail(mail) };
        let done = tokio::time::timeout(Duration::from_secs(200), seller.send_request(&request("RFQ-7"))).await;
        let kind = kind(done.unwrap_or_else(|_| panic!("{piece:?}: no end")));
        assert!(matches!(kind, Kind::Transient | Kind::Malformed | Kind::Unauthorised), "{piece:?}: {kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_password_is_never_shown() {
    let server = MailServer::new();
    let mut wrong = settings(Trust::StartTls);
    wrong.login = Some(("rackhand".into(), Secret::new("hunter2")));
    let shown = format!("{wrong:?}");
    let seller = writer(&server, wrong);
    let fault = seller.send_request(&request("RFQ-7")).await.unwrap_err();
    assert!(fault.kind == Kind::Unauthorised && fault.advice.contains("secret_file"), "{fault}");
    for shown in [shown, format!("{seller:?}"), format!("{fault:?}")] {
        assert!(!shown.contains("hunter2") && !shown.contains("AHJh"), "{shown}");
    }
}

#[tokio::test]
async fn a_paper_stays_in_the_inbox_until_it_is_put_away_and_a_bad_one_is_refused_with_its_reasons() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let seller =
        writer(&MailServer::new(), Settings { inbox: Some(dir.path().to_owned()), ..settings(Trust::StartTls) });
    let good = json!({ "kind": "quote", "vendor": "other", "ref": "Q1", "buyer_ref": "RFQ-7", "currency": "EUR",
        "lines": [{ "line": 1, "part": "P1", "qty": 8, "unit_price_minor": 2_790_010 }] });
    std::fs::write(at("a.json"), good.to_string()).unwrap();
    std::fs::write(at("b.json"), "{").unwrap();
    std::fs::write(at("c.pdf"), b"%PDF-1.7\0").unwrap();
    std::fs::write(at(".d.json"), "{").unwrap();
    std::fs::write(at("e.json.part"), "{").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", at("f.json")).unwrap();
    let first = seller.papers(&[]).await.unwrap();
    let [(Paper::Quote(quote), source)] = &first.papers[..] else { panic!("{first:?}") };
    assert_eq!((quote.number.as_str(), quote.lines[0].unit_price), ("Q1", Some(2_790_010)));
    assert_eq!(source, &Source::File(at("a.json")));
    let refused: Vec<&str> = first.refused.iter().map(|r| r.what.as_str()).collect();
    assert_eq!(refused, ["b.json", "c.pdf"]);
    assert!(std::fs::read_to_string(at("refused/c.pdf.txt")).unwrap().contains("type it in"));
    let again = seller.papers(&[]).await.unwrap();
    assert_eq!((again.papers.len(), again.refused.len()), (1, 0), "what was not put away is read again");
    seller.put_away(source).await.unwrap();
    seller.put_away(source).await.unwrap();
    assert_eq!(seller.papers(&[]).await.unwrap(), Received::default());
    std::fs::write(at("a.json"), good.to_string()).unwrap();
    seller.put_away(source).await.unwrap();
    assert!(at("taken/a.json").is_file() && at("taken/a.json.2").is_file() && at(".d.json").is_file());
    drop(dir);
    assert_eq!(kind(seller.papers(&[]).await), Kind::Rejected);
}
