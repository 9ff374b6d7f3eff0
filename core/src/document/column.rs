//! How wide columns are, and where a text that is too long for its own is wrapped. Measures are whole numbers of any unit:
//! characters on a terminal, thousandths of a point on paper.

/// The widths of columns that together have this much room: what each wants where that is possible, else none less than
/// its least, the widest giving first. Where not even the least fits, all give in proportion.
pub fn fit(wanted: &[u32], least: &[u32], room: u32) -> Vec<u32> {
    let total = |widths: &[u32]| widths.iter().map(|w| u64::from(*w)).sum::<u64>();
    if total(wanted) <= u64::from(room) {
        return wanted.to_vec();
    }
    let floor: Vec<u32> = wanted.iter().zip(least).map(|(w, l)| *w.min(l)).collect();
    let all = total(&floor);
    if all > u64::from(room) {
        let share = |w: &u32| (u64::from(*w) * u64::from(room) / all.max(1)) as u32;
        return floor.iter().map(|w| share(w).max(1)).collect();
    }
    let capped = |cap: u32| -> Vec<u32> { wanted.iter().zip(&floor).map(|(w, f)| *w.min(&cap.max(*f))).collect() };
    let (mut low, mut high) = (0, room);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if total(&capped(middle)) <= u64::from(room) { low = middle } else { high = middle - 1 }
    }
    capped(low)
}

/// How wide a text is, by the width of its characters.
pub fn width(text: &str, of: impl Fn(char) -> u32) -> u32 {
    text.chars().map(of).fold(0, u32::saturating_add)
}

/// The widest word of a text.
pub fn widest_word(text: &str, of: impl Fn(char) -> u32) -> u32 {
    text.split_whitespace().map(|word| width(word, &of)).max().unwrap_or(0)
}

/// Where a word that is wider than a line is rather broken: after these.
const JOINTS: [char; 6] = ['-', '/', '.', '_', ':', ','];

/// The lines of a text that has this much room: broken between words, and within a word only where it is wider than a
/// line. There is at least one line, and at least one character in each line of a text that is not empty.
pub fn wrap(text: &str, room: u32, of: impl Fn(char) -> u32) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut used) = (String::new(), 0_u32);
    for word in text.split_whitespace() {
        let wide = width(word, &of);
        let joined = used.saturating_add(of(' ')).saturating_add(wide);
        if !line.is_empty() && joined <= room {
            line.push(' ');
            used = joined - wide;
        } else if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        for c in word.chars() {
            if used.saturating_add(of(c)) > room && used > 0 {
                // There is nothing else in this line: a word that had one before it fits.
                let joint = line.rfind(JOINTS).map_or(line.len(), |n| n + 1);
                let fits = width(&line[joint..], &of).saturating_add(of(c)) <= room;
                let tail = line.split_off(if fits { joint } else { line.len() });
                lines.push(std::mem::replace(&mut line, tail));
                used = width(&line, &of);
            }
            used = used.saturating_add(of(c));
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_widest_column_gives_first_and_none_below_its_least() {
        assert_eq!(fit(&[4, 10, 6], &[4, 5, 6], 30), [4, 10, 6]);
        assert_eq!(fit(&[4, 40, 6], &[4, 5, 6], 30), [4, 20, 6]);
        assert_eq!(fit(&[40, 30, 6], &[5, 5, 6], 26), [10, 10, 6]);
        assert_eq!(fit(&[40, 30, 6], &[15, 5, 6], 26), [15, 5, 6]);
        assert_eq!(fit(&[40, 30], &[40, 30], 7), [4, 3]);
    }

    #[test]
    fn words_stay_whole_while_a_line_can_hold_them() {
        assert_eq!(wrap("mount it in rack R07", 8, |_| 1), ["mount it", "in rack", "R07"]);
        assert_eq!(wrap("see MXQ7420ABCDEF now", 8, |_| 1), ["see", "MXQ7420A", "BCDEF", "now"]);
        assert_eq!(wrap("at leaf-r07-1.fra1.net", 12, |_| 1), ["at", "leaf-r07-1.", "fra1.net"]);
        assert_eq!(wrap("", 8, |_| 1), [""]);
        assert_eq!(wrap("ab", 1, |_| 2), ["a", "b"]);
    }

    proptest! {
        #[test]
        fn no_letter_is_lost_and_no_line_is_too_wide(text in "\\PC{0,80}", room in 1_u32..30) {
            let lines = wrap(&text, room, |_| 1);
            let letters = |t: &str| t.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
            prop_assert!(lines.iter().all(|l| l.chars().count() as u32 <= room));
        }

        #[test]
        fn columns_never_take_more_than_there_is(
            columns in prop::collection::vec((0_u32..500, 0_u32..100), 1..9),
            room in 9_u32..600,
        ) {
            let (wanted, least): (Vec<u32>, Vec<u32>) = columns.into_iter().unzip();
            prop_assert!(fit(&wanted, &least, room).iter().sum::<u32>() <= room + 9);
        }
    }
}
