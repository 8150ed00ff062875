using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Winnow.Abstractions.Acts;
using Winnow.Grains.Ports;
using Winnow.Model;
using Winnow.Model.Acts;
using Winnow.Model.Images;
using Winnow.Model.Names;

namespace Winnow.Grains.Acts;

/// <summary>
/// How acts are written and read. A record names its members in one order and leaves out what there is nothing of; it is written once and
/// its bytes are kept, so nobody ever has to write it again to hold it against a hash. Persons and images are in it as
/// SHA-256(salt ‖ what), with a salt of 128 random bits for each act and part: whoever has the salt no more can neither read them nor try
/// what they might be.
/// </summary>
public static class ActRecords
{
    /// <summary>Bytes of a salt.</summary>
    public const int SaltBytes = 16;

    /// <summary>Most bytes of one act, all of it together.</summary>
    public const int MaxBytes = 4_096;

    private const int MostOf = 200;
    private const int MostAddress = 64;
    private const int Most = 250;
    private const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>An act as it is to be kept.</summary>
    /// <param name="draft">What is done; texts that are too long are cut.</param>
    /// <param name="caller">By whom.</param>
    /// <param name="at">When.</param>
    public static ActRecord Make(ActDraft draft, ActCaller caller, DateTimeOffset at)
    {
        // One draw for both parts: each costs a call into the native library.
        Span<byte> salts = stackalloc byte[2 * SaltBytes];
        RandomNumberGenerator.Fill(salts);
        var actor = Salted(salts[..SaltBytes],
            Encoding.UTF8.GetBytes($"{Cut(caller.Address ?? "", MostAddress)}\n{Cut(caller.Actor, Most)}"));
        var thing = draft.Image is { } image ? Salted(salts[SaltBytes..], image.ToBytes())
            : draft.About is { } about ? Salted(salts[SaltBytes..], Encoding.UTF8.GetBytes(Cut(about, Most))) : null;
        var buffer = new ArrayBufferWriter<byte>(384);
        using (var json = new Utf8JsonWriter(buffer))
        {
            Span<byte> hash = stackalloc byte[HashBytes];
            json.WriteStartObject();
            json.WriteString("at"u8, at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("what"u8, Words<ActKind>.Of(draft.What));
            json.WriteString("outcome"u8, Words<ActOutcome>.Of(draft.Outcome));
            if (draft.Dataset is { } dataset) json.WriteString("dataset"u8, Cut(dataset, Most));
            if (draft.Of is { } of) json.WriteString("of"u8, Cut(of, MostOf));
            if (draft.Purpose is { } purpose) json.WriteString("purpose"u8, Cut(purpose, MostOf));
            SHA256.HashData(actor, hash);
            json.WriteBase64String("actor"u8, hash);
            if (thing is not null)
            {
                SHA256.HashData(thing, hash);
                json.WriteBase64String(draft.Image is null ? "about"u8 : "image"u8, hash);
                if (!draft.Content.IsEmpty)
                {
                    HashContent(thing, draft.Content.Span, hash);
                    json.WriteBase64String("content"u8, hash);
                }
            }
            json.WriteEndObject();
        }
        return new ActRecord(at.ToUniversalTime(), buffer.WrittenSpan.ToArray(), actor, thing);
    }

    /// <summary>The hash that a record keeps of what was written with it.</summary>
    /// <param name="thing">The part that says what was acted on, whose salt it goes by.</param>
    /// <param name="content">What was written.</param>
    /// <param name="hash">32 bytes.</param>
    public static void HashContent(ReadOnlySpan<byte> thing, ReadOnlySpan<byte> content, Span<byte> hash)
    {
        // One call over both: a hash that is fed piece by piece is an object of the native library, with a finalizer, for each act.
        var whole = ArrayPool<byte>.Shared.Rent(SaltBytes + content.Length);
        thing[..SaltBytes].CopyTo(whole);
        content.CopyTo(whole.AsSpan(SaltBytes));
        SHA256.HashData(whole.AsSpan(0, SaltBytes + content.Length), hash);
        ArrayPool<byte>.Shared.Return(whole, clearArray: true);
    }

    /// <summary>An act as people see it; what cannot be read is left out of it, and it is shown all the same.</summary>
    public static Act Read(ActStream stream, long sequence, ActRecord record)
    {
        var body = BodyOf(record.Record);
        var act = new Act(stream.Name, sequence, record.At, Words<ActKind>.Read(body?.What), Words<ActOutcome>.Read(body?.Outcome))
        {
            Dataset = body?.Dataset ?? stream.Dataset,
            Of = body?.Of,
            Purpose = body?.Purpose,
            Told = stream.IsTold,
        };
        if (record.Actor is { Length: > SaltBytes } who)
        {
            var text = Encoding.UTF8.GetString(who.AsSpan(SaltBytes));
            var end = text.IndexOf('\n', StringComparison.Ordinal);
            act = act with { Actor = text[(end + 1)..], Address = end > 0 ? text[..end] : null };
        }
        if (record.Object is not { Length: > SaltBytes } thing) return act;
        var bytes = thing.AsSpan(SaltBytes);
        return body?.Image is null ? act with { About = Encoding.UTF8.GetString(bytes) }
            : bytes.Length == ImageId.Size ? act with { Image = ImageId.FromBytes(bytes) } : act;
    }

    /// <summary>
    /// The first thing that is wrong with an act that comes from elsewhere, or has lain in a database, as a sentence; null when nothing is.
    /// </summary>
    /// <param name="record">The act.</param>
    /// <param name="latest">The latest time that is believed.</param>
    public static string? Check(ActRecord record, DateTimeOffset latest)
    {
        if (record.Record.Length + (record.Actor?.Length ?? 0) + (record.Object?.Length ?? 0) > MaxBytes)
            return string.Create(CultureInfo.InvariantCulture, $"the act has more than {MaxBytes} bytes.");
        if (BodyOf(record.Record) is not { } body) return "record is no act.";
        if (body.At != record.At) return "at is not that of the record.";
        if (MemberRules.Date("at", record.At, latest) is { } never) return never;
        if (!IsOf(body.Actor, record.Actor)) return "actor is not the one of the record.";
        if (!IsOf(body.Image ?? body.About, record.Object)) return "object is not the one of the record.";
        if (body.Image is not null && record.Object is { } image && image.Length != SaltBytes + ImageId.Size) return "object is no image.";
        return Texts(body, record).Select(t => MemberRules.Text(t.Member, t.Text, 1_000)
            ?? (ShownText.IsClean(t.Text!) ? null : $"{t.Member} has characters that cannot be shown.")).FirstOrDefault(w => w is not null);
    }

    private static IEnumerable<(string Member, string? Text)> Texts(ActBody body, ActRecord record)
    {
        yield return ("what", body.What);
        yield return ("outcome", body.Outcome);
        if (body.Dataset is not null) yield return ("dataset", body.Dataset);
        if (body.Of is not null) yield return ("of", body.Of);
        if (body.Purpose is not null) yield return ("purpose", body.Purpose);
        if (record.Actor is not null)
            foreach (var part in Encoding.UTF8.GetString(record.Actor.AsSpan(SaltBytes)).Split('\n', 2)) yield return ("actor", part);
        if (body.About is not null && record.Object is not null)
            yield return ("about", Encoding.UTF8.GetString(record.Object.AsSpan(SaltBytes)));
    }

    /// <summary>Whether a part is what the record's hash is of. One that was erased is nothing any more, and as it should be.</summary>
    private static bool IsOf(byte[]? hash, byte[]? part) =>
        part is null || (hash is not null && part.Length >= SaltBytes && SHA256.HashData(part).AsSpan().SequenceEqual(hash));

    private static byte[] Salted(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> text)
    {
        var part = new byte[SaltBytes + text.Length];
        salt.CopyTo(part);
        text.CopyTo(part.AsSpan(SaltBytes));
        return part;
    }

    private static ActBody? BodyOf(byte[] record)
    {
        try
        {
            return JsonSerializer.Deserialize(record, ActJson.Default.ActBody);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text in one line and within its bounds: a line end in an actor's name would make an address of its beginning.</summary>
    private static string Cut(string text, int most)
    {
        if (!ShownText.IsClean(text)) text = ShownText.Clean(text);
        if (text.Length <= most) return text;
        return text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
    }
}
