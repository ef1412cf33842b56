//! What the gateway says of the cluster.

use crate::proto;
use crate::proto::partition::{PartitionBrokerHealth, PartitionBrokerRole};

/// The cluster as the gateway sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    pub gateway_version: String,
    /// Empty before 8.9.
    pub cluster_id: String,
    pub cluster_size: i32,
    pub partitions_count: i32,
    pub replication_factor: i32,
    pub brokers: Vec<Broker>,
}

/// One broker of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    pub node_id: i32,
    pub host: String,
    pub port: i32,
    pub version: String,
    pub partitions: Vec<Partition>,
}

/// A broker's replica of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    pub id: i32,
    pub role: Role,
    pub health: Health,
}

/// What a broker does for a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Leader,
    Follower,
    Inactive,
    /// Of an engine newer than this program.
    Other(i32),
}

/// How a partition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Healthy,
    Unhealthy,
    Dead,
    /// Of an engine newer than this program.
    Other(i32),
}

impl Topology {
    /// Whether the engine can work: at least one broker has a healthy partition.
    pub fn is_ready(&self) -> bool {
        self.brokers.iter().flat_map(|broker| &broker.partitions).any(|it| it.health == Health::Healthy)
    }
}

impl From<proto::TopologyResponse> for Topology {
    fn from(response: proto::TopologyResponse) -> Self {
        Self {
            gateway_version: response.gateway_version,
            cluster_id: response.cluster_id,
            cluster_size: response.cluster_size,
            partitions_count: response.partitions_count,
            replication_factor: response.replication_factor,
            brokers: response.brokers.into_iter().map(Broker::from).collect(),
        }
    }
}

impl From<proto::BrokerInfo> for Broker {
    fn from(broker: proto::BrokerInfo) -> Self {
        Self {
            node_id: broker.node_id,
            host: broker.host,
            port: broker.port,
            version: broker.version,
            partitions: broker.partitions.into_iter().map(Partition::from).collect(),
        }
    }
}

impl From<proto::Partition> for Partition {
    fn from(partition: proto::Partition) -> Self {
        Self {
            id: partition.partition_id,
            role: match PartitionBrokerRole::try_from(partition.role) {
                Ok(PartitionBrokerRole::Leader) => Role::Leader,
                Ok(PartitionBrokerRole::Follower) => Role::Follower,
                Ok(PartitionBrokerRole::Inactive) => Role::Inactive,
                Err(_) => Role::Other(partition.role),
            },
            health: match PartitionBrokerHealth::try_from(partition.health) {
                Ok(PartitionBrokerHealth::Healthy) => Health::Healthy,
                Ok(PartitionBrokerHealth::Unhealthy) => Health::Unhealthy,
                Ok(PartitionBrokerHealth::Dead) => Health::Dead,
                Err(_) => Health::Other(partition.health),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_health(health: &[i32]) -> Topology {
        let partitions =
            health.iter().map(|&health| proto::Partition { partition_id: 1, role: 0, health }).collect();
        let broker = proto::BrokerInfo { partitions, ..proto::BrokerInfo::default() };
        Topology::from(proto::TopologyResponse { brokers: vec![broker], ..Default::default() })
    }

    #[test]
    fn one_healthy_partition_makes_the_engine_ready() {
        assert!(with_health(&[1, 0]).is_ready());
        assert!(!with_health(&[1, 2]).is_ready());
        assert!(!with_health(&[]).is_ready());
        assert!(!Topology::from(proto::TopologyResponse::default()).is_ready());
    }

    #[test]
    fn an_unknown_health_is_kept_and_does_not_count_as_healthy() {
        let topology = with_health(&[9]);
        assert_eq!(topology.brokers[0].partitions[0].health, Health::Other(9));
        assert!(!topology.is_ready());
    }
}
