using System.Globalization;
using System.Text;

namespace Winnow.Adapters.Ledger;

/// <summary>
/// Keeps a second process from an embedded ledger: SQLite would let it in, and two group-committing writers would fence each other's
/// shards. The operating system frees the lock with the process, however that ends.
/// </summary>
internal sealed class LedgerLock : IDisposable
{
    private readonly FileStream _file;

    private LedgerLock(FileStream file) => _file = file;

    /// <summary>Takes the lock of a database.</summary>
    /// <exception cref="LedgerUnavailableException">Another process holds it.</exception>
    public static LedgerLock Take(string databasePath)
    {
        var path = databasePath + ".lock";
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException problem) when (HeldFile.IsHeld(problem))
        {
            throw new LedgerUnavailableException(
                $"The ledger '{databasePath}' is in use by another process, whose id stands in '{path}'. Stop that process, or give this "
                + $"one a data folder of its own; several silos share a ledger only on PostgreSQL.", problem);
        }
        try
        {
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return new LedgerLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public void Dispose() => _file.Dispose();
}
