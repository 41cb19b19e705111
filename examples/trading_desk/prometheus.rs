//! What the hub counts, as Prometheus reads it.

use std::error::Error;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Of the histogram, in seconds: a delivery takes microseconds unless its device is slow.
const DELIVERY: [f64; 9] = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 1.0];
/// How often what was timed is sorted into the buckets, should nobody ask for it.
const UPKEEP: Duration = Duration::from_secs(5);

/// Installs the recorder, which has to be there before the hub is made.
pub fn install() -> Result<PrometheusHandle, Box<dyn Error>> {
    let delivery = Matcher::Full("user_hub_delivery_seconds".to_owned());
    let recorder = PrometheusBuilder::new().set_buckets_for_metric(delivery, &DELIVERY)?.install_recorder()?;
    let kept = recorder.clone();
    tokio::spawn(async move {
        let mut due = tokio::time::interval(UPKEEP);
        loop {
            due.tick().await;
            kept.run_upkeep();
        }
    });
    Ok(recorder)
}
