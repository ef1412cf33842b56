//! Turns an OpenMetrics page into the older Prometheus text form, which is what Camunda's runtime serves
//! when a scraper asks for nothing special. Samples are the same; the lines about counters differ.

/// Names counters in `# HELP` and `# TYPE` with their `_total`, and drops what the older form does not know.
pub(super) fn classic(open_metrics: &str) -> String {
    let mut page = String::with_capacity(open_metrics.len());
    let mut help: Option<(&str, &str)> = None;
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ').or(Some((rest, "")));
        } else if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
        {
            let suffix = if kind == "counter" { "_total" } else { "" };
            if let Some((_, text)) = help.take() {
                // The encoder ends every description with a full stop of its own.
                let text = text.strip_suffix("..").map_or_else(|| text.to_owned(), |text| format!("{text}."));
                page.push_str(&format!("# HELP {name}{suffix} {text}\n"));
            }
            page.push_str(&format!("# TYPE {name}{suffix} {kind}\n"));
        } else if !line.starts_with('#') {
            page.push_str(line);
            page.push('\n');
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_named_with_their_suffix_and_the_end_mark_goes() {
        let open_metrics = "# HELP jobs Jobs seen..\n# TYPE jobs counter\njobs_total{a=\"b\"} 1\n\
            # HELP slots Slots.\n# TYPE slots gauge\n# UNIT slots x\nslots 2\n# EOF\n";
        let classic_form = "# HELP jobs_total Jobs seen.\n# TYPE jobs_total counter\njobs_total{a=\"b\"} 1\n\
            # HELP slots Slots.\n# TYPE slots gauge\nslots 2\n";
        assert_eq!(classic(open_metrics), classic_form);
    }
}
