// SPDX-License-Identifier: Apache-2.0
//
// What the Metastore sees of an object store: every folder is there. It makes and looks up folders of databases and
// tables and touches no objects, so it needs neither keys nor a client.

import java.io.FileNotFoundException;
import java.net.URI;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

public final class ObjectStoreFolders extends FileSystem {
  @Override
  public URI getUri() {
    return URI.create("s3:///");
  }

  @Override
  protected void checkPath(Path path) {}

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    return true;
  }

  @Override
  public FileStatus getFileStatus(Path path) {
    return new FileStatus(0, true, 1, 0, 0, path);
  }

  @Override
  public FileStatus[] listStatus(Path path) {
    return new FileStatus[0];
  }

  @Override
  public boolean delete(Path path, boolean recursive) {
    return true;
  }

  @Override
  public boolean rename(Path from, Path to) {
    return false;
  }

  @Override
  public void setWorkingDirectory(Path path) {}

  @Override
  public Path getWorkingDirectory() {
    return new Path("s3:///");
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws FileNotFoundException {
    throw new FileNotFoundException(path + ": only folders are known");
  }

  @Override
  public FSDataOutputStream create(
      Path path, FsPermission permission, boolean overwrite, int bufferSize, short replication,
      long blockSize, Progressable progress) {
    throw new UnsupportedOperationException("only folders are known");
  }

  @Override
  public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
    throw new UnsupportedOperationException("only folders are known");
  }
}
