using Winnow.Abstractions.Datasets;

namespace Winnow.Silo.Hosting;

/// <summary>After a start, goes on with what was unfinished: scoring and rounds.</summary>
internal sealed partial class ResumeService(IGrainFactory grains, TimeProvider time, ILogger<ResumeService> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await grains.GetGrain<ICatalogGrain>(0).ResumeAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                NotResumed(logger, e, Pause);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(200, LogLevel.Warning, "Unfinished work could not be taken up, next try in {Pause}")]
    private static partial void NotResumed(ILogger logger, Exception exception, TimeSpan pause);
}
