//! Getting a report acknowledged: what is sent again, after which pause, and what ends it.

use std::time::{Duration, Instant};

use crate::http::Answer;
use crate::trouble::Tried;

/// The first pause after no answer; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The token of a boot lives four hours; after that nothing can be acknowledged any more.
pub const PATIENCE: Duration = Duration::from_secs(4 * 3_600);

/// How sending ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It is on the daemon's disk.
    Taken,
    /// For good; with what to say on the console.
    Refused(String),
    /// Nobody answered for as long as there was hope.
    GaveUp,
}

/// What to do after one try.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    End(Delivery),
    Again(Option<Duration>),
}

/// Sends until it is acknowledged or refused. `last` is the final report, which ends the token: refused for its token
/// after a try without an answer, it was taken. `wait` sleeps, `say` writes to the console.
pub fn deliver(
    last: bool,
    mut send: impl FnMut() -> Tried<Answer>,
    mut wait: impl FnMut(Duration),
    mut say: impl FnMut(&str),
) -> Delivery {
    let until = Instant::now() + PATIENCE;
    let mut waited = Duration::ZERO;
    let mut pause = FIRST_PAUSE;
    let mut unanswered = false;
    loop {
        let answer = send();
        let next = judge(&answer, last && unanswered);
        unanswered |= answer.as_ref().map_or(true, |a| a.status >= 500);
        let asked = match next {
            Next::End(delivery) => return delivery,
            Next::Again(asked) => asked,
        };
        let why = match &answer {
            Ok(answer) => format!("the daemon answers {}: {}", answer.status, answer.said),
            Err(trouble) => trouble.to_string(),
        };
        let nap = asked.unwrap_or(pause);
        if waited + nap > PATIENCE || Instant::now() + nap > until {
            return Delivery::GaveUp;
        }
        say(&format!("{why}; sent again in {} s", nap.as_secs()));
        wait(nap);
        waited += nap;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn judge(answer: &Tried<Answer>, may_be_taken: bool) -> Next {
    let Ok(answer) = answer else { return Next::Again(None) };
    let refused = |why: &str| Next::End(Delivery::Refused(format!("{why}: {}", answer.said)));
    match answer.status {
        200..=299 => Next::End(Delivery::Taken),
        401 if may_be_taken => Next::End(Delivery::Taken),
        401 => refused("this boot's token is not valid any more; another boot has taken over, or it is too old"),
        408 | 429 | 500..=599 => {
            let asked = answer.retry_after.map(|s| Duration::from_secs(s.max(1)).min(LONGEST_PAUSE));
            Next::Again(asked)
        }
        409 => refused("this step was reported before, otherwise"),
        status => refused(&format!("the daemon refuses the report with {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trouble::Trouble;

    fn answer(status: u16, retry_after: Option<u64>) -> Answer {
        Answer { status, retry_after, said: "x".into() }
    }

    /// Delivers against these answers; the last one stays. Gives the pauses in seconds.
    fn tried(last: bool, answers: &[Tried<Answer>]) -> (Delivery, Vec<u64>) {
        let mut left = answers.iter();
        let mut current = answers[0].clone();
        let mut pauses = Vec::new();
        let send = || {
            if let Some(next) = left.next() {
                current = next.clone();
            }
            current.clone()
        };
        let ended = deliver(last, send, |pause| pauses.push(pause.as_secs()), |_| {});
        (ended, pauses)
    }

    fn lost() -> Tried<Answer> {
        Err(Trouble::new("no route"))
    }

    #[test]
    fn a_lost_network_is_waited_out_with_growing_pauses() {
        let answers = [lost(), lost(), lost(), lost(), lost(), lost(), lost(), lost(), Ok(answer(200, None))];
        assert_eq!(tried(false, &answers), (Delivery::Taken, vec![1, 2, 4, 8, 16, 32, 60, 60]));
    }

    #[test]
    fn a_full_journal_says_when_to_come_again() {
        let answers =
            [Ok(answer(503, Some(5))), Ok(answer(503, Some(100_000))), Ok(answer(503, Some(0))), Ok(answer(200, None))];
        assert_eq!(tried(false, &answers), (Delivery::Taken, vec![5, 60, 1]));
    }

    #[test]
    fn refusals_are_for_good() {
        for status in [401, 409, 413, 422, 404, 400, 301] {
            let (ended, pauses) = tried(false, &[Ok(answer(status, None))]);
            assert!(matches!(ended, Delivery::Refused(_)) && pauses.is_empty(), "{status}");
        }
    }

    #[test]
    fn a_final_report_whose_answer_was_lost_and_whose_token_is_gone_was_taken() {
        assert_eq!(tried(true, &[lost(), Ok(answer(401, None))]).0, Delivery::Taken);
        assert!(matches!(tried(true, &[Ok(answer(401, None))]).0, Delivery::Refused(_)));
        assert!(matches!(tried(false, &[lost(), Ok(answer(401, None))]).0, Delivery::Refused(_)));
    }

    #[test]
    fn it_gives_up_when_the_token_must_be_dead() {
        let (ended, pauses) = tried(true, &[lost()]);
        assert_eq!(ended, Delivery::GaveUp);
        assert!(pauses.iter().sum::<u64>() > 3 * 3_600);
    }
}
