export type {
  ChartPart,
  KubeObject,
  ObjectMeta,
  OwnerReference,
  Part,
  Probe,
  Detected,
  Finding,
} from './kernel/component.ts';
export { EpinioError, hasCode, isEpinioError, messageOf } from './kernel/errors.ts';
export type { ErrorOptions, Fault } from './kernel/errors.ts';
export { createPlatform, derive, provide } from './kernel/platform.ts';
export type {
  Derivation,
  Platform,
  PlatformNode,
  PlatformOptions,
  PluginUse,
  Provided,
} from './kernel/platform.ts';
export { createPluginHost } from './kernel/plugin-host.ts';
export type { PluginHost, PluginHostOptions, StartAllOptions } from './kernel/plugin-host.ts';
export { runPlugin } from './kernel/run-plugin.ts';
export type { RunningPlugin, RunOptions } from './kernel/run-plugin.ts';
export { withDeadline } from './kernel/deadline.ts';
export type { DeadlineOptions } from './kernel/deadline.ts';
export { CONTRACT_VERSION, definePlugin } from './kernel/plugin.ts';
export type { AnyPlugin, CheckContext, ContractToken, Plugin, RunHost } from './kernel/plugin.ts';
export { listToken, optional, token } from './kernel/token.ts';
export type { Needs, OptionalToken, Resolved, Token } from './kernel/token.ts';

export { broker, brokers } from './contracts/broker.ts';
export type { Broker, BrokerEndpoint } from './contracts/broker.ts';
export { builder } from './contracts/builder.ts';
export type { Builder, LogLine, LogOptions, StagingRequest, StagingStatus } from './contracts/builder.ts';
export { catalog } from './contracts/catalog.ts';
export type { BindingRequest, Catalog, InstanceRef, OperationStatus } from './contracts/catalog.ts';
export type { ProvisionRequest, ServiceClass, ServicePlan } from './contracts/catalog.ts';
export { certs } from './contracts/certs.ts';
export type { CertificateRequest, Certs } from './contracts/certs.ts';
export { cluster } from './contracts/cluster.ts';
export type { Cluster, ClusterConnection } from './contracts/cluster.ts';
export { ingress } from './contracts/ingress.ts';
export type { Ingress, PublicAddress, Route, WorkloadRef } from './contracts/ingress.ts';
export { mesh } from './contracts/mesh.ts';
export type { Mesh, MetadataPatch } from './contracts/mesh.ts';
export { registry } from './contracts/registry.ts';
export type { ImageRepository, Registry, RegistryAuths } from './contracts/registry.ts';
export { secretSync } from './contracts/secret-sync.ts';
export type { SecretSync } from './contracts/secret-sync.ts';
export { storage } from './contracts/storage.ts';
export type { BlobInfo, PutOptions, Storage } from './contracts/storage.ts';

export { assertBlobKey } from './storage/blob-key.ts';
export { appSecretNames, cacheVolumeName, releaseName, resourceName } from './apps/names.ts';
export { serviceReleaseName, stagingName, templateName, truncatedName } from './apps/names.ts';
export { withoutPassword } from './apps/without-password.ts';

export { clock } from './ports/clock.ts';
export type { Clock } from './ports/clock.ts';
export { commands } from './ports/commands.ts';
export type { CommandOptions, CommandResult, Commands } from './ports/commands.ts';
export { dataDirectory } from './ports/data-directory.ts';
export type { DataDirectory } from './ports/data-directory.ts';
export { environment } from './ports/environment.ts';
export type { Environment } from './ports/environment.ts';
export { informers } from './ports/informer.ts';
export type { Informer, InformerEvent, Informers } from './ports/informer.ts';
export { kube } from './ports/kube.ts';
export type {
  ApplyOptions,
  CollectionRef,
  DeleteOptions,
  Kube,
  ListOptions,
  ListResult,
} from './ports/kube.ts';
export type {
  ObjectRef,
  PatchBody,
  PatchOptions,
  PodLogOptions,
  WatchEvent,
  WatchOptions,
} from './ports/kube.ts';
export { kubeConnector } from './ports/kube-connector.ts';
export type { KubeClient, KubeConnector } from './ports/kube-connector.ts';
export { listenPorts } from './ports/listen-ports.ts';
export type { ListenPorts } from './ports/listen-ports.ts';
export { log } from './ports/log.ts';
export type { Log, LogFields } from './ports/log.ts';
export { settings } from './ports/settings.ts';
export type { PlatformSettings } from './ports/settings.ts';

export { createBackoff } from './kube/backoff.ts';
export type { Backoff } from './kube/backoff.ts';
export { parseLabelSelector } from './kube/selectors.ts';
export { eventFor } from './kube/event.ts';
export type { EventFacts } from './kube/event.ts';
export { createInformers } from './kube/informers.ts';
export type { InformersOptions, OwnedInformers } from './kube/informers.ts';
export type {
  Condition,
  ConfigMap,
  CustomResourceDefinition,
  Deployment,
  DeploymentSpec,
} from './kube/kinds.ts';
export type { Endpoint, EndpointSlice, EventObject, IngressBackend, IngressClass } from './kube/kinds.ts';
export type {
  IngressObject,
  Job,
  LabelSelector,
  LocalObjectReference,
  Namespace,
  Node,
} from './kube/kinds.ts';
export type { ObjectReference, PersistentVolumeClaim, ReplicaSet, Secret, Service } from './kube/kinds.ts';
export type { ServiceAccount, ServicePort } from './kube/kinds.ts';
export type {
  Container,
  ContainerPort,
  ContainerProbe,
  ContainerState,
  ContainerStatus,
} from './kube/pod-kinds.ts';
export type {
  EnvFromSource,
  EnvVar,
  KeySelector,
  KeyToPath,
  Pod,
  PodSpec,
  PodStatus,
} from './kube/pod-kinds.ts';
export type { PodTemplateSpec, ResourceRequirements, Volume, VolumeMount } from './kube/pod-kinds.ts';

export type { ComponentChoice } from './config/choices.ts';
export { configFolder, loadConfig } from './config/load.ts';
export type { FlagValue, LoadConfigOptions, LoadedConfig, Profile } from './config/load.ts';
export { findConfigFile } from './config/find-file.ts';
export { configJsonSchema } from './config/json-schema.ts';
export type { JsonSchema } from './config/json-schema.ts';
export { loadInstallation } from './config/load-installation.ts';
export type { Installation } from './config/load-installation.ts';
export { originText } from './config/origin.ts';
export type { Origin } from './config/origin.ts';
export { resolvedConfig, resolvedText } from './config/resolved.ts';
export type { ResolvedValue } from './config/resolved.ts';
export { resolvePlugins } from './config/resolve-plugins.ts';
export type { PluginLookup, ResolvedPlugin } from './config/resolve-plugins.ts';
export type { ConfigSource } from './config/schema.ts';
export type { Slot } from './config/slots.ts';
export { startWorkQueue } from './kube/work-queue.ts';
export type { WorkQueue, WorkQueueOptions } from './kube/work-queue.ts';

export { ChartExecutor } from './install/chart/chart-executor.ts';
export { Helm } from './install/chart/helm.ts';
export { readRelease } from './install/chart/release.ts';
export { assertInstallable, checkComponents } from './install/check.ts';
export type { ComponentFinding } from './install/check.ts';
export { componentStatuses } from './install/component-status.ts';
export type { ComponentStatus, ComponentStatusOptions } from './install/component-status.ts';
export { detectComponents } from './install/detect.ts';
export type { ExecutorContext, PartExecutor, PartExecutors } from './install/executor.ts';
export { componentsOf } from './install/install-component.ts';
export type { InstallComponent } from './install/install-component.ts';
export { install, prepareInstall } from './install/install.ts';
export type { InstallOptions } from './install/install.ts';
export { refText } from './install/part-ref.ts';
export type { PartRef } from './install/part-ref.ts';
export { planText } from './install/plan-text.ts';
export { planInstall } from './install/plan.ts';
export type { ChangeStep, InstallPlan, Step, WaitStep } from './install/plan.ts';
export type { InstallEvent, OnInstallEvent } from './install/progress.ts';
export { readRecord, RECORD_NAME, recordIn } from './install/record.ts';
export type { InstallationRecord, RecordedComponent, RecordedPlugin } from './install/record.ts';
export { planUninstall, uninstall } from './install/uninstall.ts';
export type { UninstallOptions, UninstallReport } from './install/uninstall.ts';

export { portInUse } from './adapters/port-in-use.ts';
