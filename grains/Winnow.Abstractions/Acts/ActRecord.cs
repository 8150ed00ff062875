namespace Winnow.Abstractions.Acts;

/// <summary>
/// One act as it is kept, before its stream has numbered it. What stays for good is <paramref name="Record"/>; it refers to persons and
/// images by salted hashes alone. The other parts hold what those hashes are of, each behind its salt: without them the record can be read
/// by nobody, and is still the one that was written.
/// </summary>
/// <param name="At">When, as the record says.</param>
/// <param name="Record">UTF-8 JSON in one form, which is what a chain of hashes goes over together with the stream and the number.</param>
/// <param name="Actor">16 bytes of salt, then the caller's address, a line end and who acted, as UTF-8; null once it was erased.</param>
/// <param name="Object">16 bytes of salt, then an image's 32 bytes or a person's name as UTF-8; null where there is none, or none any
/// more.</param>
[GenerateSerializer, Immutable, Alias("winnow.act-record")]
public sealed record ActRecord(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] byte[] Record,
    [property: Id(2)] byte[]? Actor,
    [property: Id(3)] byte[]? Object);
