using Winnow.Client;
using Winnow.Model.Datasets;
using Winnow.Model.Labels;
using Winnow.Testing;

namespace Winnow.Cluster.Tests.Failover.Soak;

/// <summary>The dataset that clusters of these tests work on: drawn pictures, leases short enough to run out within a test.</summary>
internal static class SoakDataset
{
    private const int Beyond = 1_000_000;

    /// <summary>How it is made.</summary>
    public static CreateDataset Named(string name, int shards, int leaseSeconds = 5) =>
        new(name, new LabelSchema { Classes = [.. DrawnImages.Classes.Select(c => new LabelClass(c))] },
        new DatasetSettings
        {
            Shards = shards,
            AuditSample = 20,
            ProjectionDimensions = 32,
            LeasePeriod = TimeSpan.FromSeconds(leaseSeconds),
        });

    /// <summary>Makes it and puts the first pictures in, none of which a <see cref="SoakLoad"/> draws.</summary>
    public static async Task<SoakRecord> CreateAsync(WinnowClient client, CreateDataset dataset, int images)
    {
        var record = new SoakRecord(dataset.Settings!.LeasePeriod);
        await client.CreateDatasetAsync(dataset);
        await foreach (var result in client.ImportAsync(dataset.Name, DrawnImages.EnumerateAsync(images, Beyond))) record.Accepted(
            result.Id!.Value, result.Name);
        await client.WaitForScoringAsync(dataset.Name);
        return record;
    }
}
