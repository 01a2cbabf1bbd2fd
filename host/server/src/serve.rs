//! `inlet serve`: runs the server from its configuration to a graceful stop.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use inlet_delivery::{
    dispatcher::{Dispatcher, DispatcherOptions},
    way_out::WayOut,
    workflows::WorkflowLists,
};
use inlet_engine::{
    jobs::{BackgroundJobs, OperationalWatch},
    metrics,
};

use crate::{
    allocator_memory::AllocatorMemory,
    announce::announce,
    config::{Config, Flags, ListenAddress},
    delivery_threads::DeliveryThreads,
    demo::Demo,
    listen, log,
    open_engine::open_engine,
    open_files,
    operational_events::OperationalEvents,
    process_metrics::ProcessMetrics,
    routes::Routes,
    stop_signal::stop_signal,
    stop_target::StopInConfiguration,
    swap_watch::SwapWatch,
};

/// The arguments of `inlet serve`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    flags: Flags,
    /// Read this configuration file instead of ./inlet.toml
    #[arg(long, value_name = "FILE", env = "INLET_CONFIG")]
    config: Option<PathBuf>,
}

/// Serves until a signal stops the process.
pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::load(arguments.config.as_ref(), &arguments.flags)?;
    log::init(config.log_format);
    metrics::init().context("cannot start the metrics")?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(serve(config))
}

async fn serve(mut config: Config) -> anyhow::Result<()> {
    // Addresses are bound first, so that a second server started by mistake fails at once and names the port.
    let public = listen::bind(&config.listen, "--listen").await?;
    let admin = match &config.admin_listen {
        Some(address) => Some(listen::bind(address, "--admin-listen").await?),
        None => None,
    };
    // A name that the operator listens on is a name of this server.
    if let ListenAddress::Name { host, .. } = config.management_address() {
        config.allowed_hosts.push(host.clone());
    }
    // Port 0 lets the system choose a port; the configuration holds the chosen one from here on.
    if let Ok(address) = public.local_addr() {
        config.listen = ListenAddress::Socket(address);
    }
    config.admin_listen = admin.as_ref().and_then(|listener| listener.local_addr().ok()).map(ListenAddress::Socket);
    let listeners = 1 + usize::from(config.admin_listen.is_some());
    open_files::raise_limit(config.max_connections.saturating_mul(listeners));
    let delivery_threads = DeliveryThreads::start().context("cannot start the threads of deliveries")?;
    let engine = open_engine(&config).await?;
    let demo = match config.demo {
        true => Some(Demo::prepare(&engine).await.context("cannot set the demo up")?),
        false => None,
    };
    let mut client = config.delivery_client();
    if let Some(demo) = &demo {
        client.rules = client.rules.with_own(demo.receiver_address());
    }
    let way_out = WayOut::new(client)?;
    let mut jobs = BackgroundJobs::start(&engine);
    jobs.add(AllocatorMemory);
    jobs.add(ProcessMetrics::default());
    jobs.add(SwapWatch::default());
    jobs.add(OperationalEvents::new(config.operational_webhook(&way_out)));

    let workflow_lists = Arc::new(WorkflowLists::new(way_out.clone()));
    let stop_target = Arc::new(StopInConfiguration(engine.clone()));
    let options = DispatcherOptions { threads: Some(delivery_threads.handle()), ..config.dispatcher() };
    let healths = options.healths.clone();
    jobs.add(OperationalWatch::new(Box::new(move |target| healths.get(target))));
    let dispatcher = Dispatcher::start(engine.store.clone(), way_out, stop_target, options);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let of_streams = engine.clone();
    tokio::spawn(async move {
        stop_signal().await;
        tracing::info!("stopping: what was accepted is finished, nothing new is taken");
        of_streams.begin_to_stop();
        let _ = stop.send(true);
    });
    let limits = listen::ConnectionLimits::of(&config);
    let (public_routes, admin_routes) = match admin {
        Some(_) => (Routes::public(&engine), Some(Routes::admin(&engine, &config, &workflow_lists))),
        None => (Routes::all(&engine, &config, &workflow_lists), None),
    };
    announce(&engine, &config);
    if let Some(demo) = demo {
        demo.start(&engine, &config).await.context("cannot set the demo up")?;
    }
    let serve_admin = async {
        if let (Some(listener), Some(routes)) = (admin, admin_routes) {
            listen::serve(listener, routes, limits, stopped.clone()).await;
        }
    };
    let stop_dispatcher = async {
        let mut stopped = stopped.clone();
        // The sender is never dropped before it has sent.
        let _ = stopped.wait_for(|is_stopping| *is_stopping).await;
        dispatcher.stop(Duration::from_secs(config.stop_timeout_seconds)).await;
    };
    tokio::join!(listen::serve(public, public_routes, limits, stopped.clone()), serve_admin, stop_dispatcher);

    jobs.stop().await;
    drop(delivery_threads);
    if let Err(error) = engine.store.close().await {
        tracing::error!(%error, "the store did not close as it should; what was answered is on disk");
    }
    tracing::info!("stopped");
    Ok(())
}
