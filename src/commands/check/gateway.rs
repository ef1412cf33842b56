//! The engine: credentials for it, the gateway, the brokers behind it.

use bedrock_connector::config::Config;
use bedrock_connector::zeebe::{Auth, Client, Error, Health, Topology};

use super::report::Check;

pub(super) async fn checks(config: &Config) -> Vec<Check> {
    let client = match Client::new(&config.gateway) {
        Ok(client) => client,
        Err(error) => return vec![Check::failed("gateway", error.to_string(), remedy(&error))],
    };
    let mut checks = Vec::new();
    match (client.authorization().await, &config.gateway.auth) {
        (Err(error), _) => return vec![Check::failed("authentication", error.to_string(), remedy(&error))],
        (Ok(_), Auth::OAuth(client)) => {
            checks.push(Check::ok("authentication", format!("a token for {}", client.client_id)));
        }
        (Ok(_), Auth::Basic { username, .. }) => {
            checks.push(Check::ok("authentication", format!("as {username}, by password")));
        }
        (Ok(_), Auth::None) => {}
    }
    checks.push(match client.topology().await {
        Ok(topology) => healthy(&config.gateway.address, &topology),
        Err(error) => {
            let message = format!("{} (at {})", error, config.gateway.address);
            Check::failed("gateway", message, remedy(&error))
        }
    });
    checks
}

fn healthy(address: &str, topology: &Topology) -> Check {
    let mut versions: Vec<&str> = topology.brokers.iter().map(|broker| broker.version.as_str()).collect();
    versions.sort_unstable();
    versions.dedup();
    let replicas = topology.brokers.iter().flat_map(|broker| &broker.partitions);
    let (healthy, all) = replicas.fold((0, 0), |(healthy, all), partition| {
        (healthy + usize::from(partition.health == Health::Healthy), all + 1)
    });
    let message = format!(
        "{} at {address}; brokers: {} ({}), healthy partitions: {healthy} of {all}",
        topology.gateway_version,
        topology.brokers.len(),
        versions.join(", "),
    );
    if !topology.is_ready() {
        return Check::failed("gateway", message, "look at the brokers: none has a healthy partition");
    }
    if healthy < all {
        return Check::warning("gateway", message, "look at the brokers: not all partitions are healthy");
    }
    Check::ok("gateway", message)
}

/// What to do first.
fn remedy(error: &Error) -> &'static str {
    match error.code() {
        "UNAUTHENTICATED" => {
            "check the client id and secret, or the user name and password; with OAuth the audience too"
        }
        "PERMISSION_DENIED" => "give the client the right to work on jobs in the engine",
        "TOKEN_REFUSED" => "check client id and secret, audience and scope",
        "TOKEN_ENDPOINT_UNREACHABLE" | "TOKEN_MALFORMED" => {
            "check BEDROCK_CONNECTOR_TOKEN_URL, and the proxy on the way"
        }
        "OPTIONS_INVALID" => "correct the setting that is named",
        "UNIMPLEMENTED" => "check the port: this is no Zeebe gateway",
        "RESOURCE_EXHAUSTED" => "the engine is overloaded or its disk is full; look at the brokers",
        _ => {
            "check BEDROCK_CONNECTOR_GRPC_ADDRESS, whether the gateway runs, and http or https, proxy and certificates"
        }
    }
}

#[cfg(test)]
mod tests {
    use bedrock_connector::proto;

    use super::*;

    fn topology(health: &[i32]) -> Topology {
        let partitions =
            health.iter().map(|&health| proto::Partition { partition_id: 1, role: 0, health }).collect();
        let broker =
            proto::BrokerInfo { version: "8.6.0".into(), partitions, ..proto::BrokerInfo::default() };
        Topology::from(proto::TopologyResponse {
            brokers: vec![broker],
            gateway_version: "8.6.1".into(),
            ..Default::default()
        })
    }

    #[test]
    fn the_gateway_is_as_healthy_as_its_partitions() {
        let expected = "8.6.1 at a; brokers: 1 (8.6.0), healthy partitions: 2 of 2";
        assert_eq!(healthy("a", &topology(&[0, 0])), Check::ok("gateway", expected));
        assert!(matches!(healthy("a", &topology(&[0, 1])), check if check != Check::ok("gateway", expected)));
        assert!(format!("{:?}", healthy("a", &topology(&[1, 2]))).contains("Failed"));
    }
}
