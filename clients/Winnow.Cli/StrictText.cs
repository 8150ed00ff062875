using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Winnow.Json;
using Winnow.Model;

namespace Winnow.Cli;

/// <summary>JSON that somebody typed, or wrote into a file; held to what the server demands of a body.</summary>
internal static class StrictText
{
    /// <summary>What a text says; a mark at its beginning is none of it.</summary>
    /// <param name="text">UTF-8.</param>
    /// <param name="what">What it is called.</param>
    /// <param name="form">Its form.</param>
    /// <exception cref="InvalidDataException">It is none; the message says where.</exception>
    public static T Read<T>(ReadOnlySpan<byte> text, string what, JsonTypeInfo<T> form) where T : class
    {
        if (text.Trim(" \t\r\n"u8).IsEmpty) throw new InvalidDataException($"The {what} is empty.");
        if (FirstInvalid(text) is >= 0 and var at)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"The {what} is not UTF-8: byte {at + 1} is no character of it. Save it as UTF-8."));
        try
        {
            var read = JsonSerializer.Deserialize(text.StartsWith("\uFEFF"u8) ? text[3..] : text, form)
                ?? throw new InvalidDataException(JsonProblem.Wrong(what, "$", $"it must be {JsonShape.Of(form)}, not null."));
            return BodyCheck.Check(what, read, form) is { } wrong ? throw new InvalidDataException(wrong) : read;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(JsonProblem.Describe(what, e, form, 0), e);
        }
        catch (Exception e) when (JsonFaults.IsFault(e))
        {
            throw new InvalidDataException(JsonProblem.Wrong(what, "$", JsonFaults.Describe(e)), e);
        }
    }

    /// <summary>Where a text stops being UTF-8; -1 where it is.</summary>
    private static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text)) return -1;
        var at = 0;
        while (Rune.DecodeFromUtf8(text[at..], out _, out var length) == OperationStatus.Done) at += length;
        return at;
    }
}
