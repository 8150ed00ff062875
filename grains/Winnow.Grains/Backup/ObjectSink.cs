using System.IO.Hashing;
using System.Numerics;
using System.Runtime.InteropServices;
using Winnow.Algorithms.Heads;
using Winnow.Algorithms.Scoring;
using Winnow.Grains.Columns;
using Winnow.Grains.Ports;
using Winnow.Model.Datasets;

namespace Winnow.Grains.Backup;

/// <summary>
/// Looks through an object of a backup as it comes by, holding no more of it than it has to. What machines made and cannot be used is not
/// taken over, as if it had been lost: it is made again, or its dataset goes on without it.
/// </summary>
internal abstract class ObjectSink
{
    /// <summary>Takes the next bytes.</summary>
    public abstract void Take(ReadOnlySpan<byte> bytes);

    /// <summary>The object is over: why it cannot be used, or null.</summary>
    /// <param name="sha256">The hash of its bytes.</param>
    /// <exception cref="InvalidDataException">It was made to deceive: no restore takes place.</exception>
    public abstract string? End(string sha256);
}

/// <summary>An object that is not looked at, because it is not taken over.</summary>
internal sealed class UnusedSink : ObjectSink
{
    public override void Take(ReadOnlySpan<byte> bytes)
    {
    }

    public override string? End(string sha256) => "it is made here";
}

/// <summary>Heads and projections: small, and read as a whole. The most that they can be follows from the dataset's own settings.</summary>
/// <param name="named">Which.</param>
/// <param name="dataset">The dataset.</param>
internal sealed class MatrixSink(NamedObject named, DatasetInfo dataset) : ObjectSink
{
    /// <summary>Longer embeddings than any backbone's.</summary>
    private const int LongestEmbedding = 16_384;
    private const int Frame = 64;

    private readonly MemoryStream _bytes = new();
    private bool _tooLong;

    private long Most => Frame + (named is HeadObject
        ? sizeof(float) * (long)dataset.Schema.Classes.Count * (dataset.Settings.ProjectionDimensions + 2)
        : sizeof(float) * (long)dataset.Settings.ProjectionDimensions * (LongestEmbedding + 1));

    public override void Take(ReadOnlySpan<byte> bytes)
    {
        _tooLong |= _bytes.Length + bytes.Length > Most;
        if (_tooLong) _bytes.SetLength(0);
        else _bytes.Write(bytes);
    }

    public override string? End(string sha256)
    {
        if (_tooLong) return "it has more numbers than the dataset's settings allow";
        var bytes = _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);
        try
        {
            if (named is HeadObject head)
                return sha256 != head.Sha256 ? "its bytes are not those of its name" : EndHead(head, HeadFormats.Read(bytes));
            var projection = (ProjectionObject)named;
            return sha256 != projection.Sha256 ? "its bytes are not those of its name"
                : EndProjection(projection, Projection.FromBytes(bytes));
        }
        catch (InvalidDataException problem)
        {
            return problem.Message;
        }
    }

    private string? EndHead(HeadObject named, IHead head)
    {
        // One of an earlier version of the schema may know fewer; how many it must know is asked once it is known whose head it is.
        if (head.Classes > dataset.Schema.Classes.Count || (dataset.Schema.Version is null && head.Classes != dataset.Schema.Classes.Count))
            return $"it tells {head.Classes} classes apart, and the label schema has {dataset.Schema.Classes.Count}";
        if (head.TellsSets != dataset.Schema.IsTags)
            return $"it tells {(head.TellsSets ? "sets of classes" : "one class of each image")}, which the labels of the schema are not";
        if (!(head.Temperature > 0) || !head.IsFinite)
            return "it holds numbers that are none";
        (named.Dimensions, named.Classes) = (head.Dimensions, head.Classes);
        return null;
    }

    private static string? EndProjection(ProjectionObject named, Projection projection)
    {
        var (weights, bias) = projection.ToAffine();
        if (projection.Dimensions < 1 || projection.InputDimensions < 1 || !Finite(weights) || !Finite(bias))
            return "it holds numbers that are none";
        named.Shape = (projection.InputDimensions, projection.Dimensions);
        return null;
    }

    private static bool Finite(float[] numbers) => Array.TrueForAll(numbers, float.IsFinite);
}

/// <summary>A segment: its header, its checksum, and each of its rows.</summary>
/// <param name="named">Which.</param>
/// <param name="classes">Classes of the label schema.</param>
/// <param name="quarantined">Rows of its shard that are put aside, in order: those have no numbers.</param>
internal sealed class SegmentSink(SegmentObject named, int classes, IReadOnlyList<int> quarantined) : ObjectSink
{
    private const int LongestRow = 2 * 16_384;

    private readonly Crc32 _checksum = new();
    private readonly byte[] _head = new byte[SegmentFormat.HeaderSize];
    private readonly HashSet<int> _aside = [.. quarantined];
    private byte[] _row = [];
    private SegmentHeader _header;
    private int _headBytes;
    private int _rowBytes;
    private long _rows;
    private string? _wrong;

    public override void Take(ReadOnlySpan<byte> bytes)
    {
        var head = bytes[..Math.Min(bytes.Length, _head.Length - _headBytes)];
        if (head.Length > 0)
        {
            head.CopyTo(_head.AsSpan(_headBytes));
            if ((_headBytes += head.Length) == _head.Length) ReadHeader();
            bytes = bytes[head.Length..];
        }
        if (_wrong is not null) return;
        _checksum.Append(bytes);
        TakeRows(bytes);
    }

    public override string? End(string sha256)
    {
        if (_wrong is not null) return _wrong;
        if (_headBytes < _head.Length || _rowBytes > 0 || _rows != _header.Count) return "it is not whole";
        if (SegmentFormat.ChecksumOf(_head) != _checksum.GetCurrentHashAsUInt32()) return "its rows are not those that were written";
        named.RowBytes = _header.RowBytes;
        return null;
    }

    private void ReadHeader()
    {
        try
        {
            _header = SegmentFormat.ReadAlone(_head);
            _wrong = _header.First != named.Line.First || _header.Count != named.Line.Count ? "it holds other rows than its own row says"
                : _header.RowBytes > LongestRow || _header.RowBytes % sizeof(ushort) != 0 ? "its rows are of no length that rows have"
                : named.Line.Kind == SegmentKinds.Scores && _header.RowBytes != Marshal.SizeOf<ImageScore>() ? "its rows are no scores"
                    : null;
            _row = new byte[_header.RowBytes > LongestRow ? 0 : _header.RowBytes];
        }
        catch (InvalidDataException problem)
        {
            _wrong = problem.Message;
        }
    }

    private void TakeRows(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && _wrong is null)
        {
            if (_rowBytes == 0 && bytes.Length >= _row.Length)
            {
                CheckRow(bytes[.._row.Length]);
                bytes = bytes[_row.Length..];
                continue;
            }
            var part = bytes[..Math.Min(bytes.Length, _row.Length - _rowBytes)];
            part.CopyTo(_row.AsSpan(_rowBytes));
            bytes = bytes[part.Length..];
            if ((_rowBytes += part.Length) < _row.Length) return;
            _rowBytes = 0;
            CheckRow(_row);
        }
    }

    private void CheckRow(ReadOnlySpan<byte> row)
    {
        if (_rows >= _header.Count) _wrong = "it has more rows than it says";
        else if (named.Line.Kind == SegmentKinds.Scores ? !IsScore(row) : HasNoNumber(row)
            && !_aside.Contains((int)(_header.First + _rows))) _wrong = $"row {_header.First + _rows} of it is none";
        _rows++;
    }

    private bool IsScore(ReadOnlySpan<byte> row)
    {
        var score = MemoryMarshal.Read<ImageScore>(row);
        return float.IsNaN(score.Margin) || (score.Predicted < classes && score.RunnerUp < classes
            && float.IsFinite(score.LeastConfidence) && float.IsFinite(score.Margin) && float.IsFinite(score.Entropy)
                && float.IsFinite(score.Energy));
    }

    /// <summary>Whether a half among them is infinite or NaN: all bits of its exponent are set.</summary>
    private static bool HasNoNumber(ReadOnlySpan<byte> row)
    {
        const ushort Exponent = 0x7C00;
        var halves = MemoryMarshal.Cast<byte, ushort>(row);
        var wanted = new Vector<ushort>(Exponent);
        for (; halves.Length >= Vector<ushort>.Count; halves = halves[Vector<ushort>.Count..])
            if (Vector.EqualsAny(new Vector<ushort>(halves) & wanted, wanted)) return true;
        foreach (var half in halves)
            if ((half & Exponent) == Exponent) return true;
        return false;
    }
}
