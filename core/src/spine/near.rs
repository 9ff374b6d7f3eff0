//! Which name may have been meant where one is not known.

/// Of the known names those that are close to what was said, the closest first, at most so many.
pub fn near<'a>(said: &str, known: impl Iterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let close = |name: &&str| distance(said, name) <= (said.len().max(name.len()) / 3).clamp(1, 3);
    let mut found: Vec<&str> = known.filter(close).collect();
    found.sort_by_key(|name| (distance(said, name), *name));
    found.truncate(most);
    found
}

/// Letters to add, drop, change or swap with the next, to make one word of another.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let least = changed.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    least.min(rows[i - 2][j - 2] + 1)
                } else {
                    least
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn the_closest_names_come_first_and_strangers_not_at_all() {
        let known = ["acme", "acme-labs", "beta", "acne"];
        assert_eq!(near("amce", known.into_iter(), 3), ["acme", "acne"][..1]);
        assert_eq!(near("acmee", known.into_iter(), 3), ["acme"]);
        assert_eq!(near("acme", known.into_iter(), 1), ["acme"]);
        assert!(near("zzz", known.into_iter(), 3).is_empty());
    }
}
