using System.Buffers.Text;
using System.Text;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Acts;
using Winnow.Grains.Ports;

namespace Winnow.Grains.Backup;

/// <summary>An act as a backup writes it: its record to the last byte, and beside it, as base64, what was not erased.</summary>
internal sealed record ActLine(long Sequence, DateTimeOffset At, string Record, string? Actor, string? Object)
{
    public static ActLine Of(StoredAct stored) => new(
        stored.Sequence, stored.Act.At, Encoding.UTF8.GetString(stored.Act.Record), Text(stored.Act.Actor), Text(stored.Act.Object));

    public StoredAct ToStored() => new(Sequence, new ActRecord(At, Encoding.UTF8.GetBytes(Record), Bytes(Actor), Bytes(Object)));

    /// <summary>The first thing that is wrong with it; null when nothing is.</summary>
    public string? Check(DateTimeOffset latest) =>
        Actor is not null && !Base64.IsValid(Actor) ? "actor is no base64."
        : Object is not null && !Base64.IsValid(Object) ? "object is no base64."
        : ActRecords.Check(ToStored().Act, latest);

    private static string? Text(byte[]? part) => part is null ? null : Convert.ToBase64String(part);

    private static byte[]? Bytes(string? text) => text is null ? null : Convert.FromBase64String(text);
}

/// <summary>
/// Holds the streams of acts of a backup against their rules before any of them goes to the ledger. Each stream is numbered from 1 on, and
/// comes in one piece.
/// </summary>
/// <param name="latest">The latest time that is believed.</param>
internal sealed class ActCheck(DateTimeOffset latest)
{
    /// <summary>Streams of a backup, at most: of each restoration one for each shard that the dataset had by then.</summary>
    private const int MostStreams = 100_000;

    private int _stream = -1;
    private long _last;

    /// <summary>A file of a stream begins.</summary>
    public string? Begin(int stream)
    {
        if (stream == _stream) return null;
        if (stream != _stream + 1 || stream >= MostStreams) return "the acts of this stream stand where they do not belong.";
        (_stream, _last) = (stream, 0);
        return null;
    }

    /// <summary>The first thing that is wrong with an act; null when nothing is.</summary>
    public string? Check(ActLine line) =>
        line.Sequence != ++_last ? "sequence is not the next one of its stream." : line.Check(latest);
}
