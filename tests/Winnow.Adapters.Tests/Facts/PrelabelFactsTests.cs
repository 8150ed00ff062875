using System.Text.Json;
using Winnow.Abstractions.Prelabels;
using Winnow.Adapters.Tests.Datasets.Backup;
using Winnow.Adapters.Tests.Ledger;
using Winnow.Grains.Facts;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Images;
using Winnow.Model.Labels;
using Winnow.Model.Prelabels;

namespace Winnow.Adapters.Tests.Facts;

public abstract class PrelabelConformance : FactKindConformance
{
    protected override FactKind Kind => FactKinds.Prelabels;

    protected override FactRow Sample(int ordinal, ImageId image)
    {
        var made = new ImagePrelabel(image, "yolo", [new ClassTag("cat") { Confidence = 0.75 }], LedgerRows.Noon)
        {
            Version = "8n",
            Confidence = 0.5,
        };
        var json = JsonSerializer.SerializeToUtf8Bytes(made, ModelJson.Default.ImagePrelabel);
        return FactKinds.Prelabels.Of(ordinal, new PrelabelRow(image, made.Source, made.MadeAt, json), LedgerRows.Operation(7), "ada");
    }
}

public sealed class SqlitePrelabelTests : PrelabelConformance
{
    private protected override Task<BackupStore> OpenAsync(bool raised) => Task.FromResult(BackupStore.OpenSqlite(raised: raised));
}

[Trait("needs", "postgres")]
public sealed class PostgresPrelabelTests : PrelabelConformance
{
    private protected override Task<BackupStore> OpenAsync(bool raised) => BackupStore.OpenPostgresAsync(raised);
}
