using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Winnow.Model;

namespace Winnow.Grains.Backup;

/// <summary>
/// Reads the JSON of a backup: by the types of its records, so that a member which they do not have is taken over by nobody, and strictly.
/// </summary>
internal static class BackupText
{
    /// <summary>As states are stored; but a member that stands twice is refused: readers differ about which one counts.</summary>
    private static readonly JsonSerializerOptions Options = new(StoredStates.Json)
    {
        AllowDuplicateProperties = false,
        TypeInfoResolver = JsonTypeInfoResolver.Combine(BackupJson.Default, ModelJson.Default, new DefaultJsonTypeInfoResolver()),
    };

    /// <summary>One record.</summary>
    /// <param name="file">The file, for what is said of it.</param>
    /// <param name="json">The JSON.</param>
    /// <param name="line">The line; null where the file is one record.</param>
    /// <param name="within">The member that holds it as text; null where it stands by itself.</param>
    /// <exception cref="InvalidDataException">It is none of this type; the message says where.</exception>
    public static T Read<T>(string file, ReadOnlySpan<byte> json, int? line = null, string? within = null) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T)))
                ?? throw new JsonException("it is null.", "$", null, null);
        }
        catch (Exception problem) when (JsonFaults.IsFault(problem))
        {
            var wrong = JsonFaults.Describe(problem);
            throw BackupFault.At(file, within is null ? wrong : $"{within}: {wrong}", line, problem);
        }
    }

    /// <summary>The rows of a file, one in each line.</summary>
    /// <exception cref="InvalidDataException">A line is none of this type, or there are more than a file may have.</exception>
    public static IEnumerable<(int Line, T Record)> Rows<T>(string file, ReadOnlyMemory<byte> content) where T : class =>
        Lines<T>(file, content, BackupFiles.RowsInFile);

    /// <summary>The records of a file that has one in each line.</summary>
    /// <param name="file">The file, for what is said of it.</param>
    /// <param name="content">Its content.</param>
    /// <param name="most">Lines at most.</param>
    /// <exception cref="InvalidDataException">A line is none of this type, or there are more than a file may have.</exception>
    public static IEnumerable<(int Line, T Record)> Lines<T>(string file, ReadOnlyMemory<byte> content, int most = int.MaxValue) where T
        : class
    {
        var line = 0;
        for (var at = 0; at < content.Length;)
        {
            line++;
            if (line > most) throw BackupFault.At(file, "a file has no more lines than Winnow writes.", line);
            var length = content.Span[at..].IndexOf((byte)'\n');
            if (length < 0) throw BackupFault.At(file, "the line has no end.", line);
            yield return (line, Read<T>(file, content.Span.Slice(at, length), line));
            at += length + 1;
        }
    }
}
