//! What a technician says: the locator LED, damage with its photo, and one piece of work in full.

use rackhand_core::decide::command::Command;
use rackhand_core::decide::{Refusal, Why};

use crate::fake::Fake;

#[tokio::test]
async fn the_locator_led_is_switched_by_a_verb_that_says_what_it_is_now() {
    let fake = Fake::start();
    for (to, on, said) in [(None, true, "on"), (Some("on"), true, "on"), (Some("off"), false, "off")] {
        let mut args = vec!["locate", "CZ2D1X0GB1"];
        args.extend(to);
        let (code, out, err) = fake.run(&args).await;
        assert_eq!((code, out), (0, format!("CZ2D1X0GB1: its locator LED is {said}\n")), "{err}");
        assert!(matches!(fake.held().commands.last(), Some(Command::Locate { on: sent, .. }) if *sent == on));
    }
    assert_eq!(fake.run(&["locate", "CZ2D1X0GB1", "blink"]).await.0, 2);
    fake.held().refuse =
        Some(Refusal::new(Why::Unavailable, "CZ2D1X0GB1: its locator LED: BMC: no answer. Walk to R12"));
    let (code, out, err) = fake.run(&["locate", "CZ2D1X0GB1"]).await;
    assert!(code == 1 && out.is_empty() && err.contains("Walk to R12"), "{err}");
}

#[tokio::test]
async fn damage_takes_a_photos_path_and_a_photo_takes_damage() {
    let fake = Fake::start();
    let args = ["receive", "CZ2D1X0GB1", "--damaged", "dented", "--photo", "nas/17.jpg"];
    assert_eq!(fake.run(&args).await.0, 0);
    let Some(Command::Receive { damaged, photo, .. }) = fake.held().commands.last().cloned() else { panic!() };
    assert_eq!((damaged.as_deref(), photo.as_deref()), (Some("dented"), Some("nas/17.jpg")));
    assert_eq!(fake.run(&["receive", "CZ2D1X0GB1", "--photo", "nas/17.jpg"]).await.0, 2);
}

#[tokio::test]
async fn one_servers_work_is_told_in_full_and_so_is_all_of_it_where_that_is_asked_for() {
    let fake = Fake::start();
    let (_, table, _) = fake.run_answering(&["work"], "").await;
    assert!(table.starts_with("SITE"), "{table}");
    let (code, full, _) = fake.run_answering(&["work", "cz2d1x0gb1"], "").await;
    assert_eq!(code, 0);
    for said in
        ["  do ", "  where ", "fra1, rack R12, unit 07", "  ends ", "rackhand move CZ2D1X0GB1 cabled", "  if not "]
    {
        let spaced = full.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(full.contains(said) || spaced.contains(said), "{said} in\n{full}");
    }
    assert!(full.lines().all(|l| l.chars().count() <= 80), "{full}");
    assert_eq!(fake.run_answering(&["work", "--verbose"], "").await.1, full);
}
