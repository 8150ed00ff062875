using Orleans.Runtime.MembershipService.SiloMetadata;
using Winnow.Grains.Placement;
using Winnow.Grains.Ports;

namespace Winnow.Silo.Hosting;

/// <summary>
/// Raises the level of the cluster once every member can work at it, and ends a silo that the cluster has left behind. Any silo that holds
/// data may raise it: the ledger lets it only rise, and all come to the same answer. A member of which nothing is known yet counts as old,
/// and so does one that is on its way in or out.
/// </summary>
internal sealed partial class LevelService(
    IClusterLevel level, IDatasetLedger datasets, KnownLevel known, NewestLevel newest, IClusterMembershipService membership,
    ISiloMetadataCache metadata, Settings.SiloOptions options, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<LevelService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Round = TimeSpan.FromSeconds(15);

    // Since when every member could work at the level that is next, and how long that is watched; null while one could not.
    private (int Level, long At, TimeSpan Patience)? _since;

    /// <summary>
    /// Looks before anybody is answered: what is there from a level on is there from the first moment. A silo that is alone has nobody to
    /// wait for; a cluster is raised later, when the others have had time to join.
    /// </summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var stands = await level.ReadAsync(cancellationToken);
            var isAlone = options.Postgres is null && stands < newest.Value;
            if (isAlone && await level.RaiseAsync(newest.Value, cancellationToken)) Raised(logger, stands, newest.Value);
            known.Saw(isAlone ? newest.Value : stands);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotRead(logger, e, Pause);
        }
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                var wait = Pause;
                try
                {
                    if (await LookAsync(stoppingToken)) wait = Round;
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    NotRead(logger, e, Pause);
                }
                await Task.Delay(wait, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops: no failure.
        }
    }

    /// <summary>Whether nothing is left to be raised.</summary>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        var stands = await level.ReadAsync(cancellationToken);
        known.Saw(stands);
        if (ClusterLevels.Refuse(stands, newest.Value) is { } reason)
        {
            LeftBehind(logger, reason);
            lifetime.StopApplication();
            return true;
        }
        if (stands >= newest.Value) return true;
        var members = membership.CurrentSnapshot.Members.Values.Where(m => m.Status is not SiloStatus.Dead).ToList();
        if (members.Count == 0 || !SiloTraits.HoldsData(options.Role)) return false;
        var next = LevelRule.Next(stands, newest.Value, members.Select(m => metadata.GetSiloMetadata(m.SiloAddress).Metadata));
        if (next <= stands) _since = null;
        else if (_since?.Level != next)
        {
            var patience = await PatienceAsync(cancellationToken);
            _since = (next, time.GetTimestamp(), patience);
        }
        if (_since is not { } since || time.GetElapsedTime(since.At) < since.Patience) return false;
        if (await level.RaiseAsync(next, cancellationToken)) Raised(logger, stands, next);
        known.Saw(next);
        return next >= newest.Value;
    }

    /// <summary>
    /// How long a way back is left open: a cluster that holds nothing yet has none to lose, and is of this release from its start.
    /// </summary>
    private async Task<TimeSpan> PatienceAsync(CancellationToken cancellationToken)
    {
        if (options.Postgres is null) return TimeSpan.Zero;
        if ((await datasets.ListDatasetsAsync(cancellationToken)).Count > 0) return options.Cluster.RaiseLevelAfter;
        return (await datasets.ListUnreadableAsync(cancellationToken)).Count > 0 ? options.Cluster.RaiseLevelAfter : TimeSpan.Zero;
    }

    [LoggerMessage(210, LogLevel.Information,
        "The level of the cluster was raised from {Before} to {Now}: every silo can work at it, and older releases cannot join any more")]
    private static partial void Raised(ILogger logger, int before, int now);

    [LoggerMessage(211, LogLevel.Critical, "This silo stops. {Reason}")]
    private static partial void LeftBehind(ILogger logger, string reason);

    [LoggerMessage(212, LogLevel.Warning, "The level of the cluster could not be read or raised, next try in {Pause}")]
    private static partial void NotRead(ILogger logger, Exception exception, TimeSpan pause);
}
