using System.Globalization;
using System.Security.Cryptography;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;
using Winnow.Model.Names;
using Winnow.Model.Training;

namespace Winnow.Grains.Backup;

/// <summary>
/// Takes in the objects of a backup that are no images: each is looked through on its way to its place, and what cannot be used does not
/// arrive there.
/// </summary>
internal sealed class ObjectIntake(
    IObjectStore objects, BackupTarReader tar, DatasetInfo dataset, BackupPlaces places, IReadOnlyDictionary<int,
    IReadOnlyList<int>> quarantined)
{
    private readonly Dictionary<string, ObjectLine> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<string> _stored = new(StringComparer.Ordinal);

    /// <summary>Objects that the backup held.</summary>
    public IReadOnlyDictionary<string, ObjectLine> Seen => _seen;

    /// <summary>Objects that are in their place.</summary>
    public int Stored => _stored.Count;

    /// <summary>Whether an object is in its place, by its key.</summary>
    public bool IsStored(string key) => _stored.Contains(key);

    /// <summary>Takes in the object whose name the file at hand is; the next file is at hand afterwards.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var file = tar.Name;
        var name = BackupText.Read<ObjectName>(file, await tar.ReadAsync(BackupFiles.MaxText, cancellationToken).ConfigureAwait(false))
            .Object;
        if (!int.TryParse(file.AsSpan(BackupFiles.ObjectsFolder.Length, Math.Min(6, file.Length - BackupFiles.ObjectsFolder.Length)),
            NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || file != BackupFiles.ObjectName(number)) throw tar.Misplaced();
        var named = places.Find(name)
            ?? throw BackupFault.At(file, $"object {ShownText.Quote(name)} is one that no row and no state names.");
        if (_seen.ContainsKey(name)) throw BackupFault.At(file, $"object {ShownText.Quote(name)} is held twice.");
        await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
        var sink = SinkOf(named);
        if (sink is UnusedSink)
        {
            await CopyAsync(named, number, sink, Stream.Null, cancellationToken).ConfigureAwait(false);
            return;
        }
        try
        {
            await objects.PutAsync(named.Key, async (stream, token) =>
            {
                if (await CopyAsync(named, number, sink, stream, token).ConfigureAwait(false) is { } wrong)
                    throw new UnusableException(wrong);
            }, cancellationToken).ConfigureAwait(false);
            _stored.Add(named.Key);
        }
        catch (Exception e) when (e is UnusableException or ObjectUnwritableException)
        {
            // Read to its end and not stored: it counts as lost.
        }
    }

    /// <summary>
    /// Holds what came in against each other, now that all of it is there: what was made of something that is not there, or of something of
    /// another shape, is taken out again.
    /// </summary>
    /// <param name="control">The control state with the keys of the new dataset.</param>
    public async Task SettleAsync(BackupControl control, CancellationToken cancellationToken)
    {
        foreach (var head in places.All.OfType<HeadObject>().Where(h => IsStored(h.Key)).ToList())
            if ((ShapeUnder(head, control) is { } shape && shape.Out != head.Dimensions) || head.Classes != ClassesUnder(head, control))
                await DropAsync(head, cancellationToken).ConfigureAwait(false);
        var spaces = new BackupSpaces(dataset, control, places, IsStored);
        foreach (var column in places.All.OfType<SegmentObject>().GroupBy(s => (s.Shard, s.Line.Kind, s.Line.Version)))
        {
            var whole = true;
            foreach (var segment in column.OrderBy(s => s.Line.First))
            {
                // A column has no gaps: what stands behind one that is lost is made again with it.
                whole &= IsStored(segment.Key) && spaces.Fits(segment);
                if (!whole) await DropAsync(segment, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Writes the ONNX files of the heads that are there.</summary>
    public async Task ExportAsync(BackupControl control, IModelExporter exporter, CancellationToken cancellationToken)
    {
        foreach (var model in Models(control))
        {
            string[] classes = [.. dataset.Schema.NamesAt(model.Schema ?? 1)];
            var (head, projection) = (ObjectKeys.Head(dataset.Name, model.Arm, model.Round, model.HeadSha256),
                ObjectKeys.Projection(dataset.Name, model.ProjectionSha256));
            if (!IsStored(head) || !IsStored(projection)) continue;
            var headBytes = await objects.GetAsync(head, cancellationToken).ConfigureAwait(false);
            var projectionBytes = await objects.GetAsync(projection, cancellationToken).ConfigureAwait(false);
            if (headBytes is not { } h || projectionBytes is not { } p) continue;
            var key = ObjectKeys.HeadOnnx(dataset.Name, model.Arm, model.Round, model.HeadSha256);
            var onnx = exporter.ToOnnx(Projection.FromBytes(p.Span), Algorithms.Heads.HeadFormats.Read(h.Span), classes,
                dataset.Schema.RetiredAt(model.Schema ?? 1));
            await objects.PutAsync(key, onnx, cancellationToken).ConfigureAwait(false);
            _stored.Add(key);
        }
    }

    /// <summary>Takes back what this try alone can have stored.</summary>
    public async Task TakeBackAsync()
    {
        foreach (var named in places.All)
            if (IsStored(named.Key) && places.IsOwn(named))
                await objects.DeleteAsync(named.Key, CancellationToken.None).ConfigureAwait(false);
    }

    private static IEnumerable<ModelVersion> Models(BackupControl control) =>
        control.Dataset.Rounds.Select((entry, i) => entry.Model ?? control.Rounds[i]?.Model).OfType<ModelVersion>();

    /// <summary>The shape of the projection that a head works on; null where none is known.</summary>
    private (int In, int Out)? ShapeUnder(HeadObject head, BackupControl control)
    {
        for (var i = 0; i < control.Dataset.Rounds.Count; i++)
        {
            var (entry, state) = (control.Dataset.Rounds[i], control.Rounds[i]);
            if (entry.HeadKey != head.Key && state?.HeadKey != head.Key) continue;
            var under = (entry.Model ?? state?.Model)?.ProjectionSha256 is { } sha256 ? ObjectKeys.Projection(dataset.Name, sha256)
                : state?.ProjectionKey;
            if (places.All.OfType<ProjectionObject>().FirstOrDefault(p => p.Key == under) is { Shape: { } shape }) return shape;
        }
        return null;
    }

    /// <summary>The classes that a head must tell apart: those of the version of the label schema that it learned under.</summary>
    private int ClassesUnder(HeadObject head, BackupControl control)
    {
        for (var i = 0; i < control.Dataset.Rounds.Count; i++)
        {
            var (entry, state) = (control.Dataset.Rounds[i], control.Rounds[i]);
            if (entry.HeadKey == head.Key) return dataset.Schema.ClassesAt(entry.Model!.Schema ?? 1);
            if (state?.HeadKey == head.Key) return dataset.Schema.ClassesAt(state.Schema ?? 1);
        }
        return dataset.Schema.Classes.Count;
    }

    private async Task DropAsync(NamedObject named, CancellationToken cancellationToken)
    {
        if (!_stored.Remove(named.Key)) return;
        // What is named by its content may be another's too.
        if (places.IsOwn(named)) await objects.DeleteAsync(named.Key, cancellationToken).ConfigureAwait(false);
    }

    private ObjectSink SinkOf(NamedObject named) => named switch
    {
        SegmentObject segment => new SegmentSink(segment, dataset.Schema.Classes.Count, quarantined.GetValueOrDefault(segment.Shard, [])),
        ManifestObject manifest => new ManifestSink(manifest, dataset.Schema),
        OnnxObject => new UnusedSink(),
        _ => new MatrixSink(named, dataset),
    };

    /// <summary>Copies the parts of an object; why it cannot be used, or null.</summary>
    private async Task<string?> CopyAsync(NamedObject named, int number, ObjectSink sink, Stream to, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = 0L;
        for (var part = 0; tar.Name == BackupFiles.ObjectPart(number, part); part++)
        {
            await tar.CopyToAsync(async piece =>
            {
                hash.AppendData(piece.Span);
                sink.Take(piece.Span);
                await to.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            }, cancellationToken).ConfigureAwait(false);
            bytes += tar.Length;
            await tar.NextFileAsync(cancellationToken).ConfigureAwait(false);
        }
        var sha256 = Convert.ToHexStringLower(hash.GetHashAndReset());
        _seen.Add(named.Name, new ObjectLine(named.Name, bytes, sha256));
        return sink.End(sha256);
    }

    /// <summary>Ends the writing of an object that is not to be stored.</summary>
    private sealed class UnusableException(string message) : Exception(message);
}
