//! «Did you mean».

/// A hint with the nearest of the names, if one is near.
pub(super) fn name<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    nearest(wrong, names).map(|name| format!("did you mean `{name}`?"))
}

/// Like [`name`]; names with a hyphen or a space, which read as something else, are found by their first word.
pub(super) fn variable<'n>(wrong: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<String> {
    let special = names.clone().find(|name| {
        name.strip_prefix(wrong)
            .is_some_and(|rest| rest.starts_with(|char: char| !char.is_alphanumeric() && char != '_'))
    });
    match special {
        Some(name) => Some(format!("a name with special characters is written in backticks: `{name}`")),
        None => self::name(wrong, names),
    }
}

/// Says which names there are.
pub(super) fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    const MOST: usize = 10;
    let mut names: Vec<String> = names.take(MOST + 1).map(|name| format!("`{name}`")).collect();
    if names.len() > MOST {
        names.truncate(MOST);
        names.push("…".to_owned());
    }
    match names.as_slice() {
        [] => "there are none".to_owned(),
        [one] => format!("there is {one}"),
        many => format!("there are {}", many.join(", ")),
    }
}

fn nearest<'n>(wrong: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const LOOKED_AT: usize = 200;
    let allowed = match wrong.chars().count() {
        0 | 1 => 0,
        2..=4 => 1,
        5..=9 => 2,
        _ => 3,
    };
    let (near, distance) = names
        .take(LOOKED_AT)
        .filter(|name| name.len() <= 100)
        .map(|name| (name, distance(&wrong.to_lowercase(), &name.to_lowercase())))
        .min_by_key(|(_, distance)| *distance)?;
    (distance <= allowed).then_some(near)
}

/// The least number of insertions, deletions and replacements.
fn distance(one: &str, two: &str) -> usize {
    let mut row: Vec<usize> = (0..=two.chars().count()).collect();
    for (line, left) in one.chars().enumerate() {
        let mut diagonal = line;
        let mut previous = line + 1;
        for (slot, right) in row.iter_mut().skip(1).zip(two.chars()) {
            let best = (diagonal + usize::from(left != right)).min(previous + 1).min(*slot + 1);
            diagonal = std::mem::replace(slot, best);
            previous = best;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
