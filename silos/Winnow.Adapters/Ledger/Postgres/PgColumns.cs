using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace Winnow.Adapters.Ledger.Postgres;

/// <summary>Binds positional parameters, one array per column: a statement then writes any number of rows with one plan.</summary>
internal static class PgColumns
{
    public static NpgsqlBatchCommand Add<T>(this NpgsqlBatchCommand command, NpgsqlDbType type, T[] values)
    {
        command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
        return command;
    }

    public static NpgsqlCommand Add<T>(this NpgsqlCommand command, T value)
    {
        command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        return command;
    }

    public static NpgsqlCommand AddNullable(this NpgsqlCommand command, Guid? value)
    {
        command.Parameters.Add(new NpgsqlParameter { Value = value is { } id ? id : DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid });
        return command;
    }

    public static NpgsqlCommand AddArray<T>(this NpgsqlCommand command, NpgsqlDbType type, T[] values)
    {
        command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type });
        return command;
    }

    /// <summary>
    /// A text that people made, such as a file's name: the server holds no NUL and no half of a surrogate pair, so those become U+FFFD, as
    /// SQLite's encoding makes of the halves.
    /// </summary>
    public static string? Free(string? text)
    {
        if (text is null || (!text.Contains('\0') && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)) return text;
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
    }

    /// <summary>A text that names something: changing it could make two names one, so it is refused instead.</summary>
    /// <exception cref="ArgumentException">The text cannot be stored as it is.</exception>
    public static string Key(string text) =>
        Free(text) == text ? text
        : throw new ArgumentException(
            $"The name '{Free(text)}' has a character that PostgreSQL cannot hold (U+FFFD stands for it here). Take another name.");
}
