using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Winnow.Model.Datasets;
using Winnow.Model.Images;
using Winnow.Model.Review;
using StableHash = Winnow.Algorithms.Numerics.StableHash;

namespace Winnow.Grains.Review;

/// <summary>What a lease says: who may answer which question until when.</summary>
/// <param name="Dataset">The dataset's name.</param>
/// <param name="Image">The image.</param>
/// <param name="Version">Entries of its history when the lease was given.</param>
/// <param name="Actor">The person.</param>
/// <param name="Expires">When the lease ends; to the millisecond.</param>
/// <param name="Since">Since when the dataset bears its name; null in a lease that a silo of an early release gave, or one beside
/// it.</param>
/// <param name="Given">When the task was given, to the millisecond; null in a lease that was never renewed.</param>
/// <param name="Terms">On which terms; null on plain ones.</param>
/// <param name="Schema">
/// The version of the label schema that was the newest when it was given, in whose names it is answered; null in one of an early release.
/// </param>
internal readonly record struct Lease(
    string Dataset, ImageId Image, int Version, string Actor, DateTimeOffset Expires, DateTimeOffset? Since = null,
    DateTimeOffset? Given = null, TaskTerms? Terms = null, int? Schema = null)
{
    /// <summary>What is asked.</summary>
    public TaskKind Kind => Terms?.Kind ?? TaskKind.Label;

    /// <summary>When the task was given.</summary>
    /// <param name="period">How long leases of the dataset run.</param>
    public DateTimeOffset GivenAt(TimeSpan period) => Given ?? Expires - period;

    /// <summary>Whether it is of the dataset that bears the name now.</summary>
    public bool IsOf(DatasetInfo dataset) =>
        // One without a mark is of an early release, or was given beside one.
        Since is { } since ? since == dataset.Since : Expires - dataset.Settings.LeasePeriod >= dataset.Since;
}

/// <summary>
/// Signs and checks leases with HMAC-SHA256 under a secret that all silos share, so that a lease outlives the process that gave it.
/// Layout: version byte, image, history version, expiry in Unix milliseconds, dataset and actor as length-prefixed UTF-8, since version 2
/// the UTC ticks since which the dataset bears its name, since version 3 the Unix milliseconds of when the task was given (0 where it was
/// never renewed), in version 5 the version of the label schema, since version 4 the terms in three bytes, then the MAC. Since version 4
/// the history version and the terms are masked, so that nobody learns from a lease whether they are checked by it.
/// </summary>
internal sealed class LeaseTokens(byte[] secret)
{
    private const byte WithoutSince = 1;
    private const byte WithSince = 2;
    private const byte Renewed = 3;
    private const byte OnTerms = 4;
    private const byte OfSchema = 5;
    private const int TermsSize = 3;
    private const byte ThenVerify = 1;
    private const byte VerifierSettles = 2;
    private const int MacSize = HMACSHA256.HashSizeInBytes;
    private const int FixedSize = 1 + ImageId.Size + sizeof(int) + sizeof(long);
    private const int MaxSize = 1024;

    public string Sign(in Lease lease)
    {
        var version = lease switch
        {
            { Since: null, Given: null, Terms: null, Schema: null } => WithoutSince,
            { Since: null } => throw new ArgumentException(
                "A lease that was renewed, is on terms or says a schema, says of which dataset it is."),
            { Schema: not null } => OfSchema,
            { Terms: not null } => OnTerms,
            { Given: not null } => Renewed,
            _ => WithSince,
        };
        var numbers = version switch
        {
            WithoutSince => 0,
            WithSince => sizeof(long),
            Renewed => 2 * sizeof(long),
            OnTerms => (2 * sizeof(long)) + TermsSize,
            _ => (2 * sizeof(long)) + sizeof(int) + TermsSize,
        };
        var dataset = Encoding.UTF8.GetBytes(lease.Dataset);
        var actor = Encoding.UTF8.GetBytes(lease.Actor);
        var token = new byte[FixedSize + 2 + dataset.Length + 2 + actor.Length + numbers + MacSize];
        token[0] = version;
        lease.Image.CopyTo(token.AsSpan(1));
        BinaryPrimitives.WriteInt32LittleEndian(token.AsSpan(1 + ImageId.Size), lease.Version);
        BinaryPrimitives.WriteInt64LittleEndian(token.AsSpan(1 + ImageId.Size + 4), lease.Expires.ToUnixTimeMilliseconds());
        var at = WriteText(token, FixedSize, dataset);
        at = WriteText(token, at, actor);
        if (lease.Since is { } since)
        {
            BinaryPrimitives.WriteInt64LittleEndian(token.AsSpan(at), since.UtcTicks);
            at += sizeof(long);
        }
        if (version >= Renewed)
        {
            BinaryPrimitives.WriteInt64LittleEndian(token.AsSpan(at), lease.Given?.ToUnixTimeMilliseconds() ?? 0);
            at += sizeof(long);
        }
        if (lease.Schema is { } schema)
        {
            BinaryPrimitives.WriteInt32LittleEndian(token.AsSpan(at), schema);
            at += sizeof(int);
        }
        if (version >= OnTerms)
        {
            var terms = lease.Terms ?? TaskTerms.Plain;
            token[at++] = (byte)terms.Kind;
            token[at++] = (byte)terms.Labels;
            token[at++] = (byte)((terms.Verify ? ThenVerify : 0) | (terms.VerifierSettles ? VerifierSettles : 0));
        }
        if (version >= OnTerms) Mask(token, at);
        HMACSHA256.HashData(secret, token.AsSpan(0, at), token.AsSpan(at));
        return Base64Url.EncodeToString(token);
    }

    public bool TryRead([NotNullWhen(true)] string? text, out Lease lease)
    {
        lease = default;
        if (text is null || text.Length > MaxSize * 2 || !Base64Url.IsValid(text)) return false;
        var token = Base64Url.DecodeFromChars(text);
        if (token.Length < FixedSize + 4 + MacSize || token[0] is < WithoutSince or > OfSchema) return false;
        var body = token.AsSpan(0, token.Length - MacSize);
        Span<byte> mac = stackalloc byte[MacSize];
        HMACSHA256.HashData(secret, body, mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, token.AsSpan(token.Length - MacSize))) return false;
        // The MAC vouches for the layout, so the lengths below are our own.
        if (token[0] >= OnTerms) Mask(token, body.Length);
        var image = ImageId.FromBytes(body.Slice(1, ImageId.Size));
        var version = BinaryPrimitives.ReadInt32LittleEndian(body[(1 + ImageId.Size)..]);
        var expires = DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(body[(1 + ImageId.Size + 4)..]));
        var dataset = ReadText(body, FixedSize, out var at);
        var actor = ReadText(body, at, out at);
        DateTimeOffset? since = token[0] == WithoutSince ? null
            : new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(body[at..]), TimeSpan.Zero);
        var renewed = token[0] >= Renewed ? BinaryPrimitives.ReadInt64LittleEndian(body[(at + sizeof(long))..]) : 0;
        DateTimeOffset? given = renewed == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(renewed);
        var terms = token[0] < OnTerms ? null : ReadTerms(body[^TermsSize..]);
        int? schema = token[0] < OfSchema ? null : BinaryPrimitives.ReadInt32LittleEndian(body[(at + (2 * sizeof(long)))..]);
        lease = new Lease(dataset, image, version, actor, expires, since, given, terms, schema);
        return true;
    }

    /// <summary>
    /// A number in (0, 1) that belongs to an image, and that nobody can foretell who has not the secret: whoever labels cannot know whose
    /// labels are looked at.
    /// </summary>
    public double DrawOf(string dataset, ImageId image)
    {
        var id = new byte[ImageId.Size];
        image.CopyTo(id);
        byte[] said = [.. "draw\0"u8, .. id, .. Encoding.UTF8.GetBytes(dataset)];
        Span<byte> mac = stackalloc byte[MacSize];
        HMACSHA256.HashData(secret, said, mac);
        return StableHash.ToUnit(BinaryPrimitives.ReadUInt64LittleEndian(mac));
    }

    /// <summary>Masks the history version and the terms of a token by all else that it says, or takes the mask off again.</summary>
    private void Mask(byte[] token, int length)
    {
        var version = token.AsSpan(1 + ImageId.Size, sizeof(int));
        var terms = token.AsSpan(length - TermsSize, TermsSize);
        var (from, to) = (FixedSize - sizeof(long), length - TermsSize);
        byte[] rest = [.. "mask\0"u8, .. token.AsSpan(0, 1 + ImageId.Size), .. token.AsSpan(from, to - from)];
        Span<byte> mask = stackalloc byte[MacSize];
        HMACSHA256.HashData(secret, rest, mask);
        for (var i = 0; i < version.Length; i++) version[i] ^= mask[i];
        for (var i = 0; i < TermsSize; i++) terms[i] ^= mask[version.Length + i];
    }

    private static TaskTerms ReadTerms(ReadOnlySpan<byte> bytes) => new(
        (TaskKind)bytes[0], bytes[1], (bytes[2] & ThenVerify) != 0, (bytes[2] & VerifierSettles) != 0);

    private static int WriteText(byte[] token, int at, byte[] text)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(token.AsSpan(at), checked((ushort)text.Length));
        text.CopyTo(token, at + 2);
        return at + 2 + text.Length;
    }

    private static string ReadText(ReadOnlySpan<byte> body, int at, out int next)
    {
        var length = BinaryPrimitives.ReadUInt16LittleEndian(body[at..]);
        next = at + 2 + length;
        return Encoding.UTF8.GetString(body.Slice(at + 2, length));
    }
}
