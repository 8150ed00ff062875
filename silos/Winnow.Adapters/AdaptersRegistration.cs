using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Winnow.Abstractions.Datasets;
using Winnow.Abstractions.Images;
using Winnow.Adapters.Datasets;
using Winnow.Adapters.Images;
using Winnow.Adapters.Images.Lots;
using Winnow.Adapters.Ledger;
using Winnow.Adapters.Ledger.Postgres;
using Winnow.Adapters.Objects;
using Winnow.Adapters.Scoring;
using Winnow.Grains.Backup;
using Winnow.Grains.Intake;
using Winnow.Grains.Ports;
using Winnow.Inference.Images;

namespace Winnow.Adapters;

/// <summary>Gives a host its outside systems.</summary>
public static class AdaptersRegistration
{
    /// <summary>
    /// Keeps rows, states and objects in one folder: <c>ledger.db</c> and <c>objects/</c>. For one silo; a second process on the same
    /// folder is refused when its host starts.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="dataFolder">The folder; made when it is not there.</param>
    public static IServiceCollection AddEmbeddedStorage(this IServiceCollection services, string dataFolder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(dataFolder);
        services.AddSingleton(provider =>
            SqliteLedger.Open(new LedgerOptions { Path = Path.Combine(dataFolder, "ledger.db") },
            provider.GetRequiredService<ILogger<SqliteLedger>>()));
        services.AddLedger<SqliteLedger>(ClusterLevels.Newest);
        services.AddSingleton<IObjectStore>(_ => new FileObjectStore(Path.Combine(dataFolder, "objects")));
        services.AddSingleton<IStorageHealth>(_ => new FileObjectHealth(Path.Combine(dataFolder, "objects")));
        services.AddHostedService<OpenStorageAtStart>();
        services.AddHostedService<OlderSiloGate>();
        return services;
    }

    /// <summary>
    /// Keeps rows and states in a PostgreSQL database that several silos share. Objects need a store of their own. The start waits for the
    /// server and brings the database to the layout of this program.
    /// </summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range.</exception>
    public static IServiceCollection AddPostgresStorage(this IServiceCollection services, PostgresOptions options)
    {
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        // Made once, while the host starts and before anything else runs: nothing is held up by the wait.
        services.AddSingleton(provider => PostgresLedger.OpenAsync(options, provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<PostgresLedger>>(), CancellationToken.None).GetAwaiter().GetResult());
        services.AddLedger<PostgresLedger>(options.NewestLevel);
        services.AddHostedService<OpenLedgerAtStart>();
        services.AddHostedService<OlderSiloGate>();
        return services;
    }

    private static void AddLedger<T>(this IServiceCollection services, int newestLevel)
        where T : class, IDatasetLedger, IShardLedger, ISecretLedger, IDeletions, IErasures, IActLedger, IClusterLevel, IGrainStateStore,
        IStorageHealth
    {
        services.AddSingleton(new NewestLevel(newestLevel));
        services.AddSingleton<IDatasetLedger>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IShardLedger>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<ISecretLedger>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IDeletions>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IErasures>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IActLedger>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IClusterLevel>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IGrainStateStore>(provider => provider.GetRequiredService<T>());
        services.AddSingleton<IStorageHealth>(provider => provider.GetRequiredService<T>());
    }

    /// <summary>Decodes and scores on this machine's devices.</summary>
    /// <exception cref="ArgumentException">A setting is missing or out of range.</exception>
    public static IServiceCollection AddInference(this IServiceCollection services, Action<InferenceOptions>? configure = null)
    {
        var options = new InferenceOptions();
        configure?.Invoke(options);
        options.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.Replace(ServiceDescriptor.Singleton(options.Limits));
        services.AddDecoder();
        services.AddSingleton<IEmbedderProvider, OnnxEmbedderProvider>();
        services.AddSingleton<IModelExporter, OnnxModelExporter>();
        if (options.NotesFolder is { } notes)
            services.AddSingleton<ICrashNotes>(provider =>
                FileCrashNotes.Open(notes, provider.GetRequiredService<ILogger<FileCrashNotes>>()));
        return services;
    }

    /// <summary>
    /// Reads versions and models back, in the built-in formats and every further <see cref="IExportFormat"/> that is registered. Needs an
    /// object store.
    /// </summary>
    public static IServiceCollection AddDatasetArchive(this IServiceCollection services, RestoreOptions? restore = null)
    {
        services.AddDecoder();
        services.AddSingleton<IExportFormat, ImageFolderExport>();
        services.AddSingleton<IExportFormat, CsvExport>();
        services.AddSingleton<IExportFormat, JsonLinesExport>();
        services.AddSingleton<IDatasetArchive, DatasetArchive>();
        return services.AddDatasetBackup(restore);
    }

    /// <summary>Takes in uploads and serves images. Needs an object store and a grain factory.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="lots">What lots may hold while they are taken in.</param>
    /// <param name="spoolFolder">Where those wait that have no room in memory.</param>
    public static IServiceCollection AddImageIntake(this IServiceCollection services, LotOptions lots, string spoolFolder)
    {
        services.AddDecoder();
        services.AddSingleton<ILotSpaces>(new LotSpaces(lots, spoolFolder));
        services.AddSingleton<IImageContent, ImageContent>();
        return services.AddIntake();
    }

    /// <summary>
    /// One decoder for all: it bounds the large images in memory. Its limits are those of <see cref="AddInference"/> where that was called.
    /// </summary>
    private static void AddDecoder(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new ImageLimits());
        services.TryAddSingleton(provider =>
            new ImageDecoder(provider.GetRequiredService<ImageLimits>(), provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<IImageHeaders, DecoderHeaders>();
    }

    /// <summary>Refuses the start of a silo that is older than its cluster, before it can become a member.</summary>
    private sealed class OlderSiloGate(IClusterLevel level, NewestLevel newest) : IHostedService
    {
        public async Task StartAsync(CancellationToken cancellationToken)
        {
            var stands = await level.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (ClusterLevels.Refuse(stands, newest.Value) is { } reason) throw new LedgerUnavailableException(reason);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>
    /// A host makes its hosted services before it starts any: storage that is in use or too new ends the start, with its reason.
    /// </summary>
    private sealed class OpenStorageAtStart : IHostedService
    {
        public OpenStorageAtStart(IShardLedger ledger, IObjectStore objects)
        {
            ArgumentNullException.ThrowIfNull(ledger);
            ArgumentNullException.ThrowIfNull(objects);
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <inheritdoc cref="OpenStorageAtStart"/>
    private sealed class OpenLedgerAtStart : IHostedService
    {
        public OpenLedgerAtStart(IShardLedger ledger) => ArgumentNullException.ThrowIfNull(ledger);

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
