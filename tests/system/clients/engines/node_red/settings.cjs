// The settings of the tests' Node-RED: no editor, no telemetry, and a context that outlives a restart.
module.exports = {
  uiHost: "127.0.0.1",
  httpAdminRoot: false,
  telemetry: { enabled: false, updateNotification: false },
  contextStorage: { default: { module: "localfilesystem", config: { flushInterval: 1 } } },
  logging: { console: { level: "info", metrics: false, audit: false } },
};
