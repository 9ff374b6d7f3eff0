//! The handle for asynchronous code.

use super::*;
use rackhand_core::event::JournalEvent;

#[tokio::test]
async fn batches_of_many_tasks_are_acknowledged_each_with_its_own_place() {
    let dir = tempfile::tempdir().unwrap();
    let journal = Journal::thread(Store::open(dir.path(), &site()).unwrap()).unwrap();
    let mut heads = journal.heads();
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let journal = journal.clone();
            tokio::spawn(async move {
                let own = drafts(n * 3..n * 3 + 3).into_iter().map(|d| Draft { cause: None, ..d }).collect::<Vec<_>>();
                let head = journal.append(own.clone()).await.unwrap();
                for (seq, draft) in (head - 2..).zip(own) {
                    assert_eq!(journal.event(seq).await.unwrap().unwrap().draft, draft);
                }
                head
            })
        })
        .collect();
    let mut ends = Vec::new();
    for task in tasks {
        ends.push(task.await.unwrap());
    }
    ends.sort_unstable();
    assert!(ends.into_iter().eq((1..=100).map(|n| n * 3)));
    assert_eq!(*heads.wait_for(|h| *h == 300).await.unwrap(), 300);
    assert_eq!((journal.head(), journal.verify().await.unwrap().events), (300, 300));
    let (sum, body) = journal.sum_snapshot(300, 1, b"state".to_vec()).await.unwrap();
    journal
        .append(vec![about_itself(Event::Journal(JournalEvent::SnapshotKept { at: 300, fold: 1, sum }))])
        .await
        .unwrap();
    journal.save_snapshot(300, 1, body).await.unwrap();
    assert_eq!(journal.load_snapshot(1).await.unwrap(), Some((300, b"state".to_vec())));
    journal.backup(dir.path().join("copy.db")).await.unwrap();
    let other = journal.clone();
    journal.close().await.unwrap();
    assert_eq!(other.append(drafts(0..1)).await, Err(JournalError::Closed));
    assert_eq!(Store::open(dir.path(), &site()).unwrap().verify().unwrap().checkpoints, 1);
}

#[tokio::test]
async fn a_batch_that_can_not_be_recorded_does_not_take_others_with_it() {
    let journal = Journal::thread(Store::open_in_memory(&site()).unwrap()).unwrap();
    let bad = vec![Draft { cause: Some(u64::MAX >> 1), ..draft(0) }];
    let good = || vec![Draft { cause: None, ..draft(1) }];
    let (a, b, c) = tokio::join!(journal.append(good()), journal.append(bad), journal.append(good()));
    assert_eq!((a, c), (Ok(1), Ok(2)));
    assert!(matches!(b, Err(JournalError::Refused { .. })));
    assert_eq!(journal.history(draft(1).subject, None, 10).await.unwrap().len(), 2);
    journal.close().await.unwrap();
}

#[tokio::test]
async fn a_simulated_full_disk_refuses_a_batch_before_it_is_recorded() {
    let store = Arc::new(Mutex::new(Store::open_in_memory(&site()).unwrap()));
    let journal = Journal::inline(Arc::clone(&store));
    journal.append(drafts(0..2)).await.unwrap();
    let mut left = 1;
    journal.inject(Box::new(move |_| {
        left -= 1;
        (left >= 0).then(|| JournalError::Full { what: "simulated".into() })
    }));
    assert!(journal.append(drafts(2..3)).await.is_err_and(|e| e.try_again()));
    assert_eq!(journal.head(), 2);
    assert_eq!(journal.append(drafts(2..3)).await, Ok(3));
    assert_eq!(journal.page(JournalFilter::default(), None, 10).await.unwrap().len(), 3);
    assert_eq!(journal.verify().await.unwrap().events, 3);
    assert_eq!(all(&store.lock().unwrap()).len(), 3);
}

#[tokio::test]
async fn the_same_calls_make_the_same_chain() {
    let mut hashes = Vec::new();
    for _ in 0..2 {
        let store = Arc::new(Mutex::new(Store::open_in_memory(&site()).unwrap()));
        let journal = Journal::inline(Arc::clone(&store));
        for n in 0..50 {
            journal.append(drafts(n * 4..n * 4 + 4)).await.unwrap();
        }
        hashes.push(store.lock().unwrap().head_hash());
    }
    assert_eq!(hashes[0], hashes[1]);
}
